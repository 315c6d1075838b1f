"""A timm model with its weights as a backend, on the CPU, a GPU or an NPU."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import Backend, Result
from regcore.backends.pytorch.accelerator import AcceleratorDevice
from regcore.backends.pytorch.cpu import CpuDevice
from regcore.backends.pytorch.devices import find_device, set_precision
from regcore.counted import counted
from regcore.errors import BackendError
from regcore.frameworks import import_timm, import_torch
from regcore.models.metadata import ModelMetadata
from regcore.models.tensors import TensorSpec, describe
from regcore.models.timm.architectures import build_model
from regcore.models.timm.weights import read_weights
from regcore.recipes.timm import find_model

if TYPE_CHECKING:
    import torch
    from torch import nn

_SPELLING = "torch:MODEL[.TAG][:WEIGHTS] or torch-half:..., as in torch:regnety_016:weights.pth"


@dataclass(frozen=True)
class TorchModel:
    """timm's name, the file of weights or None for timm's own, and whether in half precision."""

    name: str
    weights: Path | None
    half: bool


class TorchBackend(Backend):
    """The model in evaluation and inference mode, channels last.

    Float32 is computed as such unless another precision is asked for. In half precision the images
    are float16, too; the scores are float32 in any case. Nothing in a file of weights is ever
    executed.
    """

    name = "torch"

    def __init__(
        self,
        model: TorchModel,
        *,
        provider: str | None = None,
        threads: int | None = None,
        precision: str | None = None,
    ) -> None:
        """Opens `model`; see `open_backend`.

        provider: `cpu` (default), `cuda`, `npu`, or one of several, as in `cuda:1`.
        threads, precision: of torch in the whole process; see `set_precision`.
        """
        torch = import_torch()
        self.version: str = torch.__version__
        self._subject = model.name
        device = find_device(torch, provider or "cpu")
        self.precision: str = set_precision(torch, device, precision)
        import_timm()
        found = find_model(model.name)
        if model.weights is not None and not model.weights.is_file():
            raise BackendError(f"{model.weights}: no such file of weights")
        weights = read_weights(model.weights) if model.weights is not None else None
        module = build_model(found.name, weights.tensors if weights else None)
        dtype = "float16" if model.half else "float32"
        recipe = found.recipe.in_form(dtype)
        origin = f"sha256:{weights.sha256}" if weights else "pretrained"
        metadata = ModelMetadata(recipe, found.name, origin)
        self.metadata: Mapping[str, str] = metadata.to_properties()
        self.inputs: tuple[TensorSpec, ...] = (
            TensorSpec("image", (None, *recipe.image_shape), dtype),
        )
        self._classes = _classes(module)
        self.outputs: tuple[TensorSpec, ...] = (
            TensorSpec("class", (None, self._classes), "float32"),
        )
        if threads is not None:
            torch.set_num_threads(threads)
        self._device = _open(torch, device, module, half=model.half)
        self.provider, self.depth = self._device.name, self._device.depth
        self._waiting: deque[int] = deque()
        self._open = True

    @classmethod
    def parse(
        cls,
        text: str,
        *,
        provider: str | None = None,
        threads: int | None = None,
        precision: str | None = None,
    ) -> TorchBackend:
        """Opens `torch:MODEL[.TAG][:WEIGHTS]` or `torch-half:...`; without WEIGHTS timm's own."""
        kind, _, rest = text.partition(":")
        name, _, weights = rest.partition(":")
        if not name:
            raise BackendError(f"{text}: expected {_SPELLING}")
        model = TorchModel(name, Path(weights) if weights else None, half=kind == "torch-half")
        return cls(model, provider=provider, threads=threads, precision=precision)

    def host_buffers(
        self, count: int, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> list[NDArray[Any]] | None:
        """Page-locked arrays for an accelerator, None for the CPU."""
        self._check_open()
        return self._device.host_buffers(count, shape, dtype)

    def submit(self, batch: NDArray[Any]) -> None:
        """Begins with a batch [n, 3, height, width] in the dtype of the input."""
        self._check_open()
        spec = self.inputs[0]
        if batch.dtype.name != spec.dtype or batch.shape[1:] != (spec.shape or ())[1:]:
            raise BackendError(
                f"{self._subject}: takes {spec}, not {describe(batch.dtype.name, batch.shape)}"
            )
        if len(self._waiting) == self.depth:
            raise BackendError(f"{self._subject}: {self.depth} results wait to be taken")
        with _torch_errors(self._subject):
            self._device.submit(batch)
        self._waiting.append(len(batch))

    def result(self) -> Result:
        """Waits for the oldest batch."""
        self._check_open()
        images = self._waiting.popleft()
        with _torch_errors(self._subject):
            result = self._device.result()
        if result.scores.shape != (images, self._classes):
            raise BackendError(
                f"{self._subject}: gives {result.scores.shape} for {counted(images, 'image')}, "
                f"expected {(images, self._classes)}"
            )
        return result

    def _check_open(self) -> None:
        if not self._open:
            raise BackendError(f"{self._subject}: the model was closed")

    def close(self) -> None:
        """Waits for what is in work, and frees the model."""
        if self._open:
            self._open = False
            self._device.close()


def _open(
    torch: ModuleType, device: torch.device, module: nn.Module, *, half: bool
) -> CpuDevice | AcceleratorDevice:
    with _torch_errors(str(device)):
        module = module.to(device=device, dtype=torch.float16 if half else torch.float32)
        module = module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if device.type == "cpu":
            return CpuDevice(torch, module)
        return AcceleratorDevice(torch, getattr(torch, device.type), module, device)


def _classes(module: nn.Module) -> int:
    classes = getattr(module, "num_classes", 0)
    if not isinstance(classes, int) or classes < 1:
        raise BackendError("the model has no classes; it is no image classifier")
    return classes


@contextmanager
def _torch_errors(subject: str) -> Iterator[None]:
    """What torch raises, as one line; with advice where memory is short."""
    try:
        yield
    except RuntimeError as error:  # among them torch.OutOfMemoryError
        reason = str(error).strip().split("\n", 1)[0]
        advice = "; smaller batches need less" if "out of memory" in reason else ""
        raise BackendError(f"{subject}: {reason}{advice}") from error

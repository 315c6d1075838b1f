"""What OpenVINO reads from a model file, before it is compiled for a device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from regcore.errors import BackendError
from regcore.models.onnx_operators import doubts
from regcore.models.tensors import SCORE_DTYPES, TensorSpec, image_input, score_output

_DTYPES = {
    "f16": "float16",
    "bf16": "bfloat16",
    "f32": "float32",
    "f64": "float64",
    **{f"{kind[0]}{bits}": f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)},
}
#: Where its reader of ONNX files puts their key-value pairs; its own files keep them there.
_PROPERTIES = "framework"
_LONGEST_REASON = 500
# Where in its source something failed; the reason stands after them.
_PLACES = ("Exception from ", "Check '", "FrontEnd API failed", "Caught exception: ")


@dataclass(frozen=True)
class ModelFile:
    """A model as OpenVINO has it.

    model: an openvino.Model. inputs, outputs: all of them, by their first names.
    metadata: what the model's maker wrote into the file, by key.
    doubts: what makes its scores doubtful, a sentence each.
    """

    path: Path
    model: Any
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str]
    doubts: tuple[str, ...] = ()

    @classmethod
    def read(cls, path: Path) -> ModelFile:
        """Reads an .onnx or .xml file. Raises BackendError where it is none."""
        import_openvino()
        from openvino.frontend import FrontEndManager

        own = path.suffix.lower() == ".xml"
        if not own and path.suffix.lower() != ".onnx":
            raise BackendError(f"{path}: OpenVINO is given .onnx and .xml files only")
        if own and not path.is_file():
            raise BackendError(f"{path}: no such model file")
        found = () if own else doubts(path)
        with openvino_errors(path):
            # Asked by name, as else all its readers try in turn, and one prints why it cannot.
            reader = FrontEndManager().load_by_framework("ir" if own else "onnx")
            # Mapped weights would end the process where their file is cut short.
            model = _with_numpy_types(reader.convert(reader.load(str(path), False)))  # noqa: FBT003
            return cls(
                path=path,
                model=model,
                inputs=tuple(map(_spec, model.inputs)),
                outputs=tuple(map(_spec, model.outputs)),
                metadata=_properties(model),
                doubts=found,
            )

    @property
    def batches(self) -> tuple[int, ...]:
        """The batch size that is built in; empty where any will do."""
        shape = self.image.shape
        return (shape[0],) if shape and shape[0] is not None else ()

    @property
    def image(self) -> TensorSpec:
        """The only input; BackendError where there is another."""
        return image_input(self.path, self.inputs)

    def scores(self, name: str | None) -> tuple[int, TensorSpec]:
        """The number and the spec of the output called `name`, or of the only one that fits."""
        outputs = list(self.outputs)
        for number, port in enumerate(self.model.outputs):
            if name is not None and name in port.names:  # it may have several
                outputs[number] = TensorSpec(name, outputs[number].shape, outputs[number].dtype)
        spec = score_output(self.path, outputs, name, dtypes=SCORE_DTYPES, open_shapes=True)
        return outputs.index(spec), spec


def import_openvino() -> ModuleType:
    """The openvino module. Raises BackendError where it is not installed."""
    try:
        import openvino
    except ImportError as error:
        raise BackendError(
            f"OpenVINO is not installed ({error}); install it with: pip install 'regcore[openvino]'"
        ) from error
    return cast("ModuleType", openvino)


@contextmanager
def openvino_errors(subject: object) -> Iterator[None]:
    """What OpenVINO raises, as a BackendError of one line that begins with `subject`."""
    try:
        yield
    except (BackendError, MemoryError):
        raise
    except Exception as error:  # its exceptions share no other base
        raise BackendError(f"{subject}: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    """What failed, without the places in OpenVINO's source, unless it says nothing else."""
    lines = [" ".join(line.split()) for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if not line.startswith(_PLACES)] or lines
    reason = " ".join(said) or type(error).__name__
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]}..."


def _with_numpy_types(model: Any) -> Any:  # noqa: ANN401
    """A model whose outputs of bfloat16, which NumPy does not know, come as float32."""
    from openvino import Type
    from openvino.preprocess import PrePostProcessor

    steps = PrePostProcessor(model)
    found = [n for n, port in enumerate(model.outputs) if port.element_type == Type.bf16]
    for number in found:
        steps.output(number).tensor().set_element_type(Type.f32)
    return steps.build() if found else model


def _spec(port: Any) -> TensorSpec:  # noqa: ANN401
    names = port.names
    name = port.any_name if names else port.node.friendly_name
    sizes = port.partial_shape
    shape = None
    if sizes.rank.is_static:
        shape = tuple(dim.get_length() if dim.is_static else None for dim in sizes)
    kind = port.element_type.get_type_name()
    return TensorSpec(name, shape, _DTYPES.get(kind, kind))


def _properties(model: Any) -> dict[str, str]:  # noqa: ANN401
    if not model.has_rt_info([_PROPERTIES]):
        return {}
    pairs = model.get_rt_info([_PROPERTIES])
    found = pairs if isinstance(pairs, dict) else pairs.astype(dict)
    return {str(key): _text(value) for key, value in found.items()}


def _text(value: Any) -> str:  # noqa: ANN401
    return str(value if isinstance(value, str) else value.astype(str))

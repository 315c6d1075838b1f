"""A model as a job's options name it, opened, and the size of its batches."""

from __future__ import annotations

from pathlib import Path

from regcore.api.messages import Log
from regcore.api.options import DEFAULT_BATCH_SIZE, LARGEST_BATCH_SIZE, DeviceOptions
from regcore.backends.protocol import Backend
from regcore.backends.recipe_fit import static_batch
from regcore.backends.registry import kind_of, open_backend
from regcore.errors import BackendError, UsageError
from regcore.files.arguments import whole_within
from regcore.scores.one_class import nothing_to_rank

_WEIGHTS_SUFFIXES = (".pth", ".safetensors")


def open_model(model: str, options: DeviceOptions) -> Backend:
    """Opens a model; see regcore.backends.registry.open_backend."""
    return open_backend(
        model,
        provider=options.get("provider"),
        output=options.get("output"),
        devices=options.get("devices"),
        allow_fallback=options.get("allow_fallback", False),
        precision=options.get("precision"),
        copies=options.get("copies"),
    )


def check_several_classes(model: str, backend: Backend, classes: int | None = None) -> None:
    """Raises BackendError where the scores are of one class, so that there is nothing to rank.

    classes: as they were when it ran; by default what the model itself says, if it does.
    """
    output = backend.outputs[0]
    said = None if output.shape is None else output.shape[1]
    if (classes or said) == 1:
        raise BackendError(f"{model}: {nothing_to_rank(f'its output {output.name} has')}")


def batch_size_for(backend: Backend, batch_size: int | None, log: Log) -> int:
    """The batch size that was asked for, else the model's own, else 16 or its largest.

    log: is told where the model has another one built in. Raises UsageError where the model takes
    no batch of the size that was asked for.
    """
    if batch_size is not None:
        batch_size = whole_within("batch_size", batch_size, 1, LARGEST_BATCH_SIZE)
    largest = backend.max_batch or batch_size or DEFAULT_BATCH_SIZE
    if batch_size is not None and batch_size > largest:
        raise UsageError(f"--batch-size {batch_size}: the model takes {largest} at most")
    tell_built_in(backend, batch_size, log)
    return batch_size or static_batch(backend) or min(DEFAULT_BATCH_SIZE, largest)


def tell_built_in(backend: Backend, batch_size: int | None, log: Log) -> None:
    """Logs that a model with a built-in batch does not run batches of the size asked for."""
    own = static_batch(backend)
    if own is not None and batch_size is not None and batch_size % own:
        log(
            f"the model has a batch of {own} built in: each batch of {batch_size} is run as "
            f"batches of {own}, filled up, and rates are of {batch_size}"
        )


def about_model(backend: Backend, model: str) -> dict[str, str]:
    """What ran: the model, the runtime with its version, and what really ran in it."""
    return {
        "model": model,
        "backend": f"{backend.name} {backend.version}",
        "provider": provider_of(backend),
    }


def provider_of(backend: Backend) -> str:
    """What really runs in the runtime, with the precision where it is not that of the model."""
    return ", ".join(filter(None, (backend.provider, backend.precision)))


def check_not_swapped(model: str, images: Path) -> None:
    """Raises UsageError where MODEL and IMAGES stand in each other's place."""
    if not Path(model).is_dir():
        return
    if images.suffix in _WEIGHTS_SUFFIXES or kind_of(images) is not None:
        raise UsageError(
            f"{model} is a folder and {images} looks like a model: MODEL comes first, then IMAGES"
        )

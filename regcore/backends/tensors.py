"""Which of a model's tensors are the images and the scores."""

from __future__ import annotations

from collections.abc import Sequence

from regcore.backends.backend import TensorSpec
from regcore.errors import BackendError


def image_input(model: object, inputs: Sequence[TensorSpec]) -> TensorSpec:
    """The only input. Raises BackendError, with the name of `model`, where there is another."""
    if len(inputs) != 1:
        raise BackendError(f"{model}: expected one image input, the model has {_listing(inputs)}")
    return inputs[0]


def score_output(model: object, outputs: Sequence[TensorSpec], name: str | None) -> TensorSpec:
    """The float output called `name`, or the only one of the shape [images, classes].

    Raises BackendError, with the name of `model` and all outputs, where there is not just one.
    """
    floats = [spec for spec in outputs if spec.dtype in ("float32", "float16")]
    if name is not None:
        fitting = [spec for spec in floats if spec.name == name]
    else:
        fitting = [spec for spec in floats if len(spec.shape or ()) == 2]  # noqa: PLR2004
    if len(fitting) == 1:
        return fitting[0]
    wanted = f"float output named {name}" if name is not None else "float output [images, classes]"
    count = "no" if not fitting else "more than one"
    raise BackendError(
        f"{model}: {count} {wanted}; name one of the model's outputs: {_listing(outputs)}"
    )


def _listing(specs: Sequence[TensorSpec]) -> str:
    return ", ".join(str(spec) for spec in specs) or "none"

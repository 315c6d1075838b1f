"""The side of a model's images that is the batch, and how a session is told its size."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regcore.models.batch_denotation import BATCH, denotes_batch

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions


@dataclass(frozen=True)
class BatchAxis:
    """The batch of a model whose size may vary, and is free to be fixed.

    name: in the model; None where it is denoted instead. others: the other sides of an image.
    """

    name: str | None
    others: tuple[object, ...]

    def fix(self, options: SessionOptions, size: int) -> None:
        """Has a session take batches of this size alone."""
        if self.name is None:
            options.add_free_dimension_override_by_denotation(BATCH, size)
        else:
            options.add_free_dimension_override_by_name(self.name, size)

    def is_fixed(self, session: InferenceSession, size: int) -> bool:
        """Whether that, and nothing else, has become of the images of a session."""
        return tuple(session.get_inputs()[0].shape) == (size, *self.others)


def batch_axis(session: InferenceSession, path: Path) -> BatchAxis | None:
    """The batch of the one input of a session for `path`.

    None for one that is built in, that has neither name nor denotation, or whose name other sides
    of the input or of an output have, too.
    """
    (image,) = session.get_inputs()
    first, *others = image.shape or [0]
    if isinstance(first, int):
        return None
    if first is None:
        named = denotes_batch(path, image.name)
        return BatchAxis(None, tuple(others)) if named else None
    elsewhere = [side for output in session.get_outputs() for side in (output.shape or [])[1:]]
    return None if first in (*others, *elsewhere) else BatchAxis(first, tuple(others))

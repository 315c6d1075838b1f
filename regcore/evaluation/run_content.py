"""What `regcore report` and `regcore verdict` take from run.json, typed and bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from msgspec import Meta

from regcore.calibration.record import RunQuantization
from regcore.counted import counted
from regcore.files.number_input import parse_float
from regcore.schemas.fields import described
from regcore.scores.metric import MetricValue

Count = Annotated[int, Meta(ge=0, le=1 << 53)]
Positive = Annotated[int, Meta(ge=1, le=1 << 53)]
Seconds = Annotated[float, Meta(ge=0, le=1e10)]

_ROUNDING = 0.0051  # percent; the text has two places


@dataclass(frozen=True)
class Failed:
    """An image without pixels, and why."""

    path: Annotated[str, described("The file.")]
    detail: Annotated[str, described("The cause, in the decoder's or the system's words.")]


@dataclass(frozen=True)
class Damaged:
    """An image that libjpeg repaired."""

    path: Annotated[str, described("The file.")]
    warnings: Annotated[Positive, described("How often libjpeg-turbo repaired it.")]
    first_warning: Annotated[str, described("Its words on the first.")]


@dataclass(frozen=True)
class Rotated:
    """An image that EXIF wants turned."""

    path: Annotated[str, described("The file.")]
    orientation: Annotated[int, Meta(ge=2, le=8), described("Of EXIF; it is ignored.")]


@dataclass(frozen=True)
class Clipped:
    """An image of more than 8 bits a value, which Pillow clips."""

    path: Annotated[str, described("The file.")]


@dataclass(frozen=True)
class RunContent:
    """run.json, as `regcore run` writes it; schema `run`."""

    model: str
    backend: str
    provider: str
    recipe: str
    batch_size: Positive
    complete: bool
    images: Count
    expected_images: Count
    hits: Annotated[list[Count], Meta(max_length=100)]
    accuracy: dict[str, str]
    classes: Count
    seconds: Seconds
    preprocessing: dict[str, Any]
    left_out: Count = 0
    root: str = ""
    failed: list[Failed] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    calibration_images: list[str] = field(default_factory=list)
    quantization: RunQuantization | None = None
    model_bytes: Count | None = None
    model_hash: str | None = None
    damaged: list[Damaged] = field(default_factory=list)
    rotated: list[Any] = field(default_factory=list)
    clipped: list[Clipped] = field(default_factory=list)
    not_reached: Count = 0
    metrics: Annotated[dict[str, dict[str, MetricValue]], Meta(max_length=100)] = field(
        default_factory=dict
    )
    run: str | None = None
    format: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        if any(hits > self.images for hits in self.hits) or self.images > self.expected_images:
            raise ValueError("more hits than images, or more images than were expected")
        if self.complete and self.images != self.expected_images:
            raise ValueError(
                f"it says that it is complete, with {self.images} of "
                f"{counted(self.expected_images, 'image')}"
            )
        if sorted(self.hits) != self.hits:
            raise ValueError("more hits among fewer choices")
        lacking = [
            f"Top{k}" for k in range(1, len(self.hits) + 1) if f"Top{k}" not in self.accuracy
        ]
        if lacking:
            raise ValueError(f"there are hits, but no accuracy, of {lacking[0]}")
        for rank, hits in enumerate(self.hits if self.images else [], 1):
            text = self.accuracy[f"Top{rank}"]
            if abs(_percent(text) - 100 * hits / self.images) > _ROUNDING:
                raise ValueError(
                    f"Top{rank} of {text} contradicts {hits} of {counted(self.images, 'image')}"
                )


def _percent(text: str) -> float:
    try:
        return parse_float(text.removesuffix("%"))
    except ValueError as error:
        raise ValueError(f"an accuracy of {text[:40]!r} is no percentage") from error

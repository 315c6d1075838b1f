"""What `regcore report` and `regcore verdict` take from run.json, typed and bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from msgspec import Meta

Count = Annotated[int, Meta(ge=0, le=1 << 53)]
Positive = Annotated[int, Meta(ge=1, le=1 << 53)]
Seconds = Annotated[float, Meta(ge=0, le=1e10)]


@dataclass(frozen=True)
class Failed:
    """An image without pixels, and why."""

    path: str
    detail: str


@dataclass(frozen=True)
class Damaged:
    """An image that libjpeg repaired."""

    path: str
    warnings: Count
    first_warning: str


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
    damaged: list[Damaged] = field(default_factory=list)
    rotated: list[Any] = field(default_factory=list)
    not_reached: Count = 0
    run: str | None = None

    def __post_init__(self) -> None:
        if any(hits > self.images for hits in self.hits) or self.images > self.expected_images:
            raise ValueError("more hits than images, or more images than were expected")
        lacking = [
            f"Top{k}" for k in range(1, len(self.hits) + 1) if f"Top{k}" not in self.accuracy
        ]
        if lacking:
            raise ValueError(f"there are hits, but no accuracy, of {lacking[0]}")

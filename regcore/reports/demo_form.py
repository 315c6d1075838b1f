"""The form of what `regcore demo --json` prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import UNSET, UnsetType

from regcore.reports.run_form import RunForm
from regcore.schemas.fields import Amount, Positive, described


@dataclass(frozen=True)
class Photo:
    """A photo, and what the model makes of it."""

    name: Annotated[str, described("The file.")]
    truth: Annotated[str, described("Its true class.")]
    best: Annotated[Sequence[str], described("The model's best classes, best first.")]


@dataclass(frozen=True)
class Timed:
    """Rates."""

    images: Annotated[Positive, described("How many were timed, the same ones again and again.")]
    preprocess_images_per_s: Annotated[Amount, described("From files to tensors.")]
    images_per_s: Annotated[Amount, described("From files to TopN.")]
    openvino_images_per_s: Annotated[
        Amount | UnsetType, described("The same on OpenVINO, where that is installed.")
    ] = UNSET


@dataclass(frozen=True, kw_only=True)
class DemoForm(RunForm):
    """The evaluation of the demo's photos, some of them, and rates."""

    photos: Annotated[list[Photo], described("Some of the photos.")]
    timed: Timed

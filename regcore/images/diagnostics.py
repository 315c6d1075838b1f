"""What is noticed about images that do decode: repaired damage, EXIF's rotation, clipped values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regcore.counted import counted

UPRIGHT = 1


@dataclass(frozen=True)
class Diagnostic:
    """One image that did get pixels, and why to look at it.

    path: its path, or its place in the list for bytes.
    warnings: how often libjpeg repaired damage; first_warning: its words on the first.
    orientation: of EXIF, 1 to 8 (Exif 2.32, tag 0x0112); 1 is upright, nothing is turned.
    clipped: whether its values have more than 8 bits, as in 16-bit PNGs and float TIFFs. Pillow
        clips them: above 255 all is white.
    index: its place in the list.
    """

    path: str
    warnings: int = 0
    first_warning: str = ""
    orientation: int = UPRIGHT
    clipped: bool = False
    index: int = 0


def damaged(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those with decoder warnings."""
    return [one for one in diagnostics if one.warnings]


def rotated(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those that EXIF wants turned."""
    return [one for one in diagnostics if one.orientation != UPRIGHT]


def clipped(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Those whose values Pillow clips."""
    return [one for one in diagnostics if one.clipped]


def diagnostics_summary(diagnostics: Sequence[Diagnostic]) -> dict[str, str]:
    """For people, e.g. `{"damaged": "3 images with decoder warnings"}`; empty without any."""
    counts = {
        "damaged": (len(damaged(diagnostics)), "with decoder warnings"),
        "rotated": (len(rotated(diagnostics)), "by EXIF, which is ignored"),
        "clipped": (len(clipped(diagnostics)), "of more than 8 bits a value, which Pillow clips"),
    }
    return {
        name: f"{counted(count, 'image')} {what}" for name, (count, what) in counts.items() if count
    }


def diagnostics_dict(diagnostics: Sequence[Diagnostic]) -> dict[str, Any]:
    """For machines: each damaged, each rotated and each clipped image."""
    return {
        "damaged": [
            {"path": one.path, "warnings": one.warnings, "first_warning": one.first_warning}
            for one in damaged(diagnostics)
        ],
        "rotated": [
            {"path": one.path, "orientation": one.orientation} for one in rotated(diagnostics)
        ],
        "clipped": [{"path": one.path} for one in clipped(diagnostics)],
    }

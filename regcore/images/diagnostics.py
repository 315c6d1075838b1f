"""What is noticed about images that do decode: damage that was repaired, and rotation by EXIF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

UPRIGHT = 1


@dataclass(frozen=True)
class Finding:
    """One image that did get pixels, and why to look at it.

    path: its path, or its place in the list for bytes.
    warnings: how often libjpeg repaired damage; first_warning: its words on the first.
    orientation: of EXIF, 1 to 8 (Exif 2.32, tag 0x0112); 1 is upright, nothing is turned.
    index: its place in the list.
    """

    path: str
    warnings: int = 0
    first_warning: str = ""
    orientation: int = UPRIGHT
    index: int = 0


def damaged(findings: Sequence[Finding]) -> list[Finding]:
    """Those with decoder warnings."""
    return [finding for finding in findings if finding.warnings]


def rotated(findings: Sequence[Finding]) -> list[Finding]:
    """Those that EXIF wants turned."""
    return [finding for finding in findings if finding.orientation != UPRIGHT]


def summary(findings: Sequence[Finding]) -> dict[str, str]:
    """For people, e.g. `{"damaged": "3 images with decoder warnings"}`; empty without findings."""
    counts = {
        "damaged": (len(damaged(findings)), "with decoder warnings"),
        "rotated": (len(rotated(findings)), "by EXIF, which is ignored"),
    }
    return {
        name: f"{count} {'image' if count == 1 else 'images'} {what}"
        for name, (count, what) in counts.items()
        if count
    }


def to_dict(findings: Sequence[Finding]) -> dict[str, Any]:
    """For machines: each damaged and each rotated image."""
    return {
        "damaged": [
            {"path": f.path, "warnings": f.warnings, "first_warning": f.first_warning}
            for f in damaged(findings)
        ],
        "rotated": [{"path": f.path, "orientation": f.orientation} for f in rotated(findings)],
    }

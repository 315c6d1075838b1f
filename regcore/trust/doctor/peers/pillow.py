"""Pillow, the reference of all others: what it was built with, and what makes its pixels others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor import reference
from regcore.trust.doctor.peers.protocol import Peer, Way


def _ways(recipe: Recipe) -> Sequence[Way]:
    return [
        Way(
            "pillow",
            reference.decode,
            partial(reference.resize, recipe=recipe),
            partial(reference.tensor, recipe=recipe),
        )
    ]


def _notes() -> Sequence[str]:
    import PIL
    from PIL import features

    turbo = features.version("libjpeg_turbo") if features.check("libjpeg_turbo") else None
    notes = [f"libjpeg-turbo {turbo}" if turbo else foreign_libjpeg()]
    if ".post" in PIL.__version__:
        notes.append("Pillow-SIMD, whose resize differs from Pillow's by up to 2 levels")
    return notes


def foreign_libjpeg() -> str:
    """Why its JPEGs have other pixels than others'; empty where it has libjpeg-turbo."""
    from PIL import features

    if features.check("libjpeg_turbo"):
        return ""
    return (
        f"built with IJG's libjpeg {features.version('jpg') or '(none)'} and not with "
        "libjpeg-turbo: its JPEGs have other pixels than those of Pillow's own wheels"
    )


PEER = Peer("pillow", ("Pillow", "pillow-simd"), _ways, _notes)

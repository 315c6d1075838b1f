"""The forms that a store has, and what lies in its folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from regcore import Recipe
from regcore.images.listing import image_names
from regcore.store.layout import pack_form
from regcore.store.manifest_form import StoreLayout

RECIPE = Recipe(resize=32, crop=24, dtype="uint8")
FILES = StoreLayout()
# Three packs of two batches for 17 images.
PACKS = pack_form(RECIPE, 4, pack_bytes=8 * RECIPE.image_bytes)
PADDED = replace(PACKS, padded=True)
FORMS = pytest.mark.parametrize("form", [FILES, PACKS, PADDED], ids=["files", "packs", "padded"])


def content(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def everything(photos: Path) -> list[str]:
    return image_names(photos)[1]

"""A column of images, in the forms in which tables have them, as the core takes images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regcore.images.sources import Image, UnloadableImage

#: Where a column of images is looked for if none is named, in this order.
IMAGE_COLUMNS = ("path", "bytes", "image")
NAME = "name"


def images_of(column: Iterable[Any]) -> tuple[list[Image], list[str]]:
    """The images of a column, and what each is called; "" for bytes and pixels without a name.

    A cell is a path, the bytes of a file, pixels (uint8 [height, width, 3]), or the struct of
    Hugging Face, {"bytes": ..., "path": ...}, whose bytes count where it has both. An empty cell
    becomes an image that fails in its turn.
    """
    images: list[Image] = []
    names: list[str] = []
    for cell in column:
        image, name = _image(cell)
        images.append(UnloadableImage(name or "a row", "has no image") if image is None else image)
        names.append(name)
    return images, names


def _image(cell: Any) -> tuple[Image | None, str]:  # noqa: ANN401
    if isinstance(cell, Mapping):
        path = cell.get("path") or ""
        content = cell.get("bytes")
        return (path or None) if content is None else content, path
    if isinstance(cell, str):
        return cell or None, cell
    return cell, ""


def chosen_column(columns: Sequence[str], wanted: str | None) -> str | None:
    """The column with the images: the one that is `wanted`, else the first of IMAGE_COLUMNS."""
    candidates = IMAGE_COLUMNS if wanted is None else (wanted,)
    return next((name for name in candidates if name in columns), None)

"""The lines of a label file that count."""

from __future__ import annotations

from typing import NamedTuple

from regcore.images.image_names import is_image_name
from regcore.images.label_files.label_text import is_label


class Line(NamedTuple):
    """A line as it stands, without its end, and its number from 1."""

    number: int
    text: str


def content_lines(text: str) -> list[Line]:
    """All lines but blank ones and comments."""
    lines = (
        Line(number, line.removesuffix("\r")) for number, line in enumerate(text.split("\n"), 1)
    )
    return [line for line in lines if line.text.strip() and not _is_comment(line.text)]


def _is_comment(line: str) -> bool:
    """A line that begins with #, but for the label of an image whose name does."""
    line = line.strip()
    if not line.startswith("#"):
        return False
    name, _, label = line.replace("\t", " ").replace(",", " ").rpartition(" ")
    return not (is_label(label) and is_image_name(name.strip()))

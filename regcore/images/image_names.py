"""Which files are images, by their names: what all that lists photos agrees on."""

from __future__ import annotations

import os

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
    | {".ppm", ".pgm", ".pnm"}
)

#: What people, systems and regcore itself put beside images; nobody takes these for pictures.
_COMPANION_SUFFIXES = frozenset(
    {".txt", ".json", ".jsonl", ".csv", ".tsv", ".md", ".rst", ".xml", ".yaml", ".yml", ".toml"}
    | {".html", ".htm", ".log", ".lst", ".info", ".label", ".sh", ".py", ".mat", ".onnx"}
    | {".bin", ".npy", ".npz", ".db", ".ini", ".gz", ".tar", ".zip", ".md5", ".sha256"}
)
_COMPANIONS = frozenset({"readme", "license", "copying", "makefile", "checksums", "sha256sums"})


def is_image_name(name: str) -> bool:
    """Whether a file or archive member of this name, or path, is an image; any case counts."""
    return _suffix(name) in IMAGE_SUFFIXES


def is_companion_name(name: str) -> bool:
    """Whether it is known for what lies beside images, so that nobody has to be told of it."""
    return _suffix(name) in _COMPANION_SUFFIXES or os.path.basename(name).lower() in _COMPANIONS  # noqa: PTH119  (no path is made of a name)


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122  (a million of them)

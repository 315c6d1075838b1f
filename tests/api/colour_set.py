"""A small labelled set of photos, and a model that tells their colours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onnx_models import save_model
from PIL import Image

_COLOURS = ("red", "lime", "blue")
_IMAGES = 9


@dataclass(frozen=True)
class ColourSet:
    """Photos 0.JPEG to 8.JPEG of one colour each; 1.JPEG has the label of another colour."""

    folder: Path

    @property
    def photos(self) -> Path:
        return self.folder / "photos"

    @property
    def labels(self) -> Path:
        return self.folder / "val_label.txt"

    @property
    def model(self) -> Path:
        return self.folder / "colours.onnx"


def make_colour_set(folder: Path) -> ColourSet:
    made = ColourSet(folder)
    made.photos.mkdir()
    for i in range(_IMAGES):
        Image.new("RGB", (40 + i, 30), _COLOURS[i % 3]).save(made.photos / f"{i}.JPEG")
    lines = [f"{i}.JPEG {2 if i == 1 else i % 3}\n" for i in range(_IMAGES)]
    made.labels.write_text("".join(lines))
    save_model(made.model)
    return made

"""Published accuracies, with what they hold for: the columns of timm's results tables."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path

from regcore.errors import DatasetError, MismatchError, UsageError
from regcore.recipe import Recipe

#: From a results-imagenet.csv of timm's that has the guide's 77.862 for regnety_016.pycls_in1k, and
#: not 77.880 as later ones: RegNets of pycls and torchvision up to 83.1 %, EfficientNet-Lites.
_BUILT_IN = "baselines.csv"


@dataclass(frozen=True)
class Baseline:
    """An accuracy on ImageNet's 50,000 validation images.

    top1, top5: in percent. size: pixels of the crop; crop: its part of the short side before it.
    source: the table that it is from.
    """

    model: str
    top1: float
    top5: float
    size: int
    crop: float
    interpolation: str
    source: str

    def check_recipe(self, recipe: Recipe) -> None:
        """Raises MismatchError where another size, crop or filter made the images of a run."""
        resize = math.floor(self.size / self.crop)
        differing = [
            f"{name} {theirs} there, {ours} here"
            for name, theirs, ours in (
                ("size", self.size, recipe.crop),
                ("short side", resize, recipe.resize),
                ("filter", self.interpolation, recipe.filter),
            )
            if theirs != ours
        ]
        if differing:
            raise MismatchError(
                f"the baseline of {self.model} does not hold for this run: {', '.join(differing)}"
            )


def find_baseline(model: str, table: Path | None = None) -> Baseline:
    """The row of timm's tag `model`, in a CSV file of timm's or in the built-in one.

    Raises UsageError for a model that is not there, DatasetError for a file that is no such table.
    """
    if table is None:
        source, text = "built in, of timm", (files("regcore") / _BUILT_IN).read_text("utf-8")
    else:
        source = str(table)
        try:
            text = table.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{table}: {error}") from error
    rows = {str(row.get("model")): row for row in csv.DictReader(StringIO(text))}
    row = rows.get(model)
    if row is None:
        near = ", ".join(name for name in rows if name.partition(".")[0] == model.partition(".")[0])
        raise UsageError(
            f"no baseline of {model!r} ({source})" + (f"; there is {near}" if near else "")
        )
    try:
        return Baseline(
            model=model,
            top1=float(row["top1"]),
            top5=float(row["top5"]),
            size=int(row["img_size"]),
            crop=float(row["crop_pct"]),
            interpolation=row["interpolation"],
            source=source,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{source}: not a table as timm's ({error!r})") from error

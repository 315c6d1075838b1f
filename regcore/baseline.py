"""Published accuracies, with what they hold for: the columns of timm's results tables."""

from __future__ import annotations

import csv
import difflib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any

from regcore.errors import DatasetError, MismatchError, UsageError
from regcore.recipe import Recipe

#: Rows of results/results-imagenet.csv of huggingface/pytorch-image-models at commit 0173a139,
#: unchanged and in its order: all whose names contain `regnet` or `efficientnet_lite`. It is the
#: one with the guide's 77.862 for regnety_016.pycls_in1k; later ones say 77.880. As timm's
#: validate.py has it by default, sizes and crops are those that a tag is tested with.
_BUILT_IN = "baselines.csv"

#: Of timm's tables, by their names, those over ImageNet's whole validation set: results/README.md.
_IMAGES = {_BUILT_IN: 50_000, "results-imagenet.csv": 50_000}

_SHOWN = 5


@dataclass(frozen=True)
class Baseline:
    """A published accuracy.

    top1, top5: in percent. size: pixels of the crop; crop: its part of the short side before it.
    source: the table that it is from; file, line: where in it. images: of how many it is, None
    where the table does not tell.
    """

    model: str
    top1: float
    top5: float
    size: int
    crop: float
    interpolation: str
    source: str
    file: str
    line: int
    images: int | None

    def check_tag(self, name: str) -> None:
        """Raises MismatchError where a model's own name, with its tag, is another one's.

        A name without a tag says nothing of the weights.
        """
        if "." in name and name != self.model:
            raise MismatchError(
                f"the run is of {name}, the baseline of {self.model}; judge other weights by "
                "--baseline-top1, or by --against a run of the original"
            )

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
                f"the baseline of {self.model} does not hold for this run: {', '.join(differing)}; "
                "timm's are of models exported with --test-size"
            )


def find_baseline(model: str | None, table: Path | None = None) -> Baseline:
    """The row of timm's tag `model`, in a CSV file of timm's or in the built-in one.

    None is the model of a table with one row. Raises UsageError for a model that is not there,
    DatasetError for a file that is no such table.
    """
    if table is None:
        name, source, text = _BUILT_IN, "built in, of timm", _built_in()
    else:
        name, source = table.name, str(table)
        try:
            text = table.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise DatasetError(f"{table}: {error}") from error
    try:
        rows = {str(row.get("model")): (line, row) for line, row in _rows(text)}
    except csv.Error as error:
        raise DatasetError(f"{source}: not a table as timm's ({error})") from error
    if model is None and len(rows) == 1:
        (model,) = rows
    if model not in rows:
        raise UsageError(_unknown(model, list(rows), source))
    line, row = rows[model]
    try:
        return Baseline(
            model=model,
            top1=_percent(row["top1"]),
            top5=_percent(row["top5"]),
            size=int(row["img_size"]),
            crop=float(row["crop_pct"]),
            interpolation=row["interpolation"],
            source=source,
            file=f"regcore/{name}" if table is None else source,
            line=line,
            images=_IMAGES.get(name),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{source}: not a table as timm's ({error!r})") from error


def _built_in() -> str:
    return (files("regcore") / _BUILT_IN).read_text("utf-8")


def _rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each row with the number of its line."""
    reader = csv.DictReader(StringIO(text))
    for row in reader:
        yield reader.line_num, row


def _percent(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 100:  # noqa: PLR2004
        raise ValueError(f"{text} is not a percentage")
    return value


def _unknown(model: str | None, known: list[str], source: str) -> str:
    if model is None:
        return f"{source} has {len(known)} models, name one of them: FILE.csv:MODEL"
    same = [name for name in known if name.partition(".")[0] == model.partition(".")[0]]
    near = ", ".join(same or difflib.get_close_matches(model, known, _SHOWN, 0.4))
    return f"no baseline of {model!r} ({source})" + (f"; there is {near}" if near else "")

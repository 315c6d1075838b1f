"""Published accuracies, with what they hold for: the columns of timm's results tables."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from io import StringIO
from pathlib import Path
from typing import Any, TypeVar

from regcore.counted import counted
from regcore.errors import DatasetError, UsageError
from regcore.files.input_file import read_input_text
from regcore.files.number_input import parse_count, parse_decimal, parse_float
from regcore.recipes.recipe import IMAGENET_MEAN, IMAGENET_STD

#: results/results-imagenet.csv of huggingface/pytorch-image-models at commit 0173a139 (2023), its
#: figures unchanged and in its order: all of its 1,002 models but tnt_s_patch16_224, whose weights
#: have no tag; three are written as timm has named them since. It is the one with the guide's
#: 77.862 for regnety_016.pycls_in1k; later ones say 77.880. As timm's validate.py has it by
#: default, sizes and crops are those that a tag is tested with. The last three columns are of timm
#: 1.0.31's configurations: mean and std where they are not ImageNet's, and crop_mode squash.
_BUILT_IN = "baselines.csv"
_BUILT_IN_SOURCE = "built in, of timm"

#: Tables of timm that are over ImageNet's whole validation set, by their names; see its
#: results/README.md.
_IMAGES = {_BUILT_IN: 50_000, "results-imagenet.csv": 50_000}

#: Columns that a table has to have; the names that older ones have for them.
_COLUMNS = ("model", "top1", "top5", "img_size", "crop_pct", "interpolation")
_SPELLINGS = {"cropt_pct": "crop_pct"}
_MAX_BYTES = 1 << 26
_ALL = 100  # %
_ROUNDING = Decimal("0.01")
#: Parts of the short side; a crop beyond it is padded.
_LEAST_CROP, _MOST_CROP = 0.1, 2.0

_N = TypeVar("_N")

_SHOWN = 5


@dataclass(frozen=True)
class Baseline:
    """A published accuracy.

    top1, top5: in percent. size: pixels of the crop; crop: its part of the short side before it.
    source: the table that it is from; file, line: where in it. images: of how many it is, None
    where the table does not tell. mean, std: of the images' values, 0 to 1, and squash, whether
    they were resized to a square: None where only timm's own configuration tells.
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
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    squash: bool | None = None

    @property
    def built_in(self) -> bool:
        """Whether it comes with regcore."""
        return self.source == _BUILT_IN_SOURCE


def find_baseline(
    model: str | None, table: Path | None = None, size: int | None = None
) -> Baseline:
    """The row of timm's tag `model`, in a CSV file of timm's or in the built-in one.

    None is the model of a table with one row. Of a tag that was tested at several sizes `size`,
    in pixels of the crop, chooses the row, or `model` does as TAG@SIZE.
    Raises UsageError for a model that is not there, or that is there at several sizes without a
    choice; DatasetError for a file that is no such table, or that contradicts itself.
    """
    if table is None:
        name, source, text = _BUILT_IN, _BUILT_IN_SOURCE, _built_in()
    else:
        name, source = table.name, str(table)
        text = read_input_text(table, _MAX_BYTES)
    rows = _rows(text, source)
    tags = list(dict.fromkeys(row.tag for row in rows))
    if model is None and len(tags) == 1:
        (model,) = tags
    demanded = ""
    if model is not None and model not in tags and model.rpartition("@")[0] in tags:
        model, _, demanded = model.rpartition("@")
    if model not in tags:
        raise UsageError(_unknown(model, tags, source))
    found = _chosen([row for row in rows if row.tag == model], demanded, size, source)
    return _baseline(found, name, f"regcore/formats/{name}" if table is None else source, source)


def built_in_tags() -> list[str]:
    """Timm's tags in the built-in table."""
    return [row.tag for row in _rows(_built_in(), _BUILT_IN_SOURCE)]


@dataclass(frozen=True)
class _Row:
    """A line of a table, by the names of its columns."""

    line: int
    tag: str
    texts: Mapping[str, str]


def _built_in() -> str:
    return (files("regcore.formats") / _BUILT_IN).read_text("utf-8")


def _rows(text: str, source: str) -> list[_Row]:
    reader = csv.reader(StringIO(text))
    try:
        header = [_SPELLINGS.get(name.strip(), name.strip()) for name in next(reader, [])]
        lacking = [name for name in _COLUMNS if header.count(name) != 1]
        if lacking:
            raise DatasetError(
                f"{source}:1: not a table as timm's: it has no column {', '.join(lacking)}, or two"
            )
        rows = []
        for texts in reader:
            if texts:
                row = dict(zip(header, texts, strict=False))
                rows.append(_Row(reader.line_num, row["model"], row) if "model" in row else None)
    except csv.Error as error:
        raise DatasetError(f"{source}: not a table as timm's ({error})") from error
    return [row for row in rows if row is not None]


def _chosen(rows: Sequence[_Row], demanded: str, size: int | None, source: str) -> _Row:
    """The row of the size that is demanded, or of `size` where there are several sizes."""
    sizes = {row.texts.get("img_size", ""): row.line for row in reversed(rows)}
    if not demanded and len(sizes) > 1 and str(size) in sizes:
        demanded = str(size)
    if (demanded and demanded not in sizes) or (not demanded and len(sizes) > 1):
        told = ", ".join(f"{text} pixels in line {line}" for text, line in reversed(sizes.items()))
        wanted = f"no row of {demanded} pixels" if demanded else "at which size? (TAG@SIZE)"
        raise UsageError(f"{source}: {rows[0].tag}: {wanted}; there is {told}")
    chosen = [row for row in rows if not demanded or row.texts.get("img_size") == demanded]
    for row in chosen[1:]:
        if any(row.texts.get(name) != chosen[0].texts.get(name) for name in _COLUMNS):
            raise DatasetError(
                f"{source}:{row.line}: {row.tag} is in line {chosen[0].line}, too, with other "
                "figures"
            )
    return chosen[0]


def _baseline(row: _Row, name: str, file: str, source: str) -> Baseline:
    place = f"{source}:{row.line}"
    lacking = [column for column in _COLUMNS if not row.texts.get(column)]
    if lacking:
        raise DatasetError(f"{place}: not a table as timm's: no {', '.join(lacking)}")
    top1, top5 = _percent(row, "top1", place), _percent(row, "top5", place)
    if top1 > top5 or 0 < top5 <= 1:
        raise DatasetError(
            f"{place}: a top1 of {top1} and a top5 of {top5} are no percentages of one evaluation"
        )
    return Baseline(
        model=row.tag,
        top1=top1,
        top5=top5,
        size=_number(row, "img_size", place, lambda text: parse_count(text, least=1)),
        crop=_number(row, "crop_pct", place, _part),
        interpolation=row.texts["interpolation"],
        source=source,
        file=file,
        line=row.line,
        images=_IMAGES.get(name),
        **_own_columns(row, source),
    )


def _own_columns(row: _Row, source: str) -> dict[str, Any]:
    """What only the built-in table has."""
    if source != _BUILT_IN_SOURCE:
        return {}
    return {
        "mean": _three(row.texts["mean"]) or IMAGENET_MEAN,
        "std": _three(row.texts["std"]) or IMAGENET_STD,
        "squash": row.texts["crop_mode"] == "squash",
    }


def _three(text: str) -> tuple[float, ...]:
    return tuple(float(word) for word in text.split())


def _percent(row: _Row, name: str, place: str) -> float:
    value = _number(row, name, place, parse_decimal)
    if value > _ALL:
        raise DatasetError(f"{place}: {name}: {value} is not a percentage")
    missed = row.texts.get(f"{name}_err")
    if missed:
        rest = _number(row, f"{name}_err", place, parse_decimal)
        if abs(value + rest - _ALL) > _ROUNDING:
            raise DatasetError(f"{place}: {name} is {value}, but {name}_err {rest}")
    return float(value)


def _part(text: str) -> float:
    value = parse_float(text)
    if not _LEAST_CROP <= value <= _MOST_CROP:
        raise ValueError(f"{text!r} is no part of a side")
    return value


def _number(row: _Row, name: str, place: str, read: Callable[[str], _N]) -> _N:
    try:
        return read(row.texts[name])
    except ValueError as error:
        raise DatasetError(f"{place}: {name}: {error}") from error


def _unknown(model: str | None, known: list[str], source: str) -> str:
    if model is None:
        return f"{source} has {counted(len(known), 'model')}, name one of them: FILE.csv:MODEL"
    same = [name for name in known if name.partition(".")[0] == model.partition(".")[0]]
    near = ", ".join(same or difflib.get_close_matches(model, known, _SHOWN, 0.4))
    return f"no baseline of {model!r} ({source})" + (f"; there is {near}" if near else "")

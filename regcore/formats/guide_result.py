"""The guide's result.json: TopN as its evaluation script leaves it, written and read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from regcore.counted import counted
from regcore.errors import DatasetError
from regcore.files.atomic import write_text
from regcore.files.json_input import as_form, read_json
from regcore.files.number_input import parse_count, parse_decimal
from regcore.scores.topn import TopN

_IMAGES, _CLASSES = "Number of images", "Number of classes"
_INCOMPLETE = "incomplete"
_ALL = 100  # %
_MAX_BYTES = 1 << 26
_SHOWN = 40
_RANKS_SHOWN = 5


def accuracy_key(rank: int) -> str:
    """`Top1 accuracy`, as the file calls it."""
    return f"Top{rank} accuracy"


def percent(share: float) -> str:
    """A share (0 to 1) as the guide prints it: numpy's rounding to two places, `87.5%`."""
    return f"{round(np.float64(share * 100), 2)}%"


def guide_result(topn: TopN) -> dict[str, Any]:
    """The content of the guide's result.json."""
    rows = [(_IMAGES, str(topn.count)), (_CLASSES, str(topn.classes))]
    rows += [
        (accuracy_key(rank), percent(topn.accuracy(rank))) for rank in range(1, len(topn.hits) + 1)
    ]
    return {
        "title": "Overall statistical evaluation",
        "value": [{"key": key, "value": value} for key, value in rows],
    }


def is_result_text(head: bytes) -> bool:
    """Whether a file that begins so is such a result, of regcore's or of the guide's script."""
    return re.match(rb'\s*\{\s*"title"\s*:\s*"Overall statistical evaluation"', head) is not None


def write_guide_result(
    path: str | Path, topn: TopN, incomplete: dict[str, Any] | None = None
) -> None:
    """Writes the guide's result.json, byte for byte in its layout; whole or not at all.

    incomplete: what the count lacks, as a further key that the guide's file does not have.
    """
    result = guide_result(topn)
    if incomplete is not None:
        result[_INCOMPLETE] = incomplete
    write_text(path, json.dumps(result))


@dataclass(frozen=True)
class GuideResult:
    """What a result.json says.

    images: that were counted; expected_images: that should have been, more where it is not
    complete. percent: of each rank, rounded to two places as the file has it.
    """

    images: int
    expected_images: int
    complete: bool
    percent: Mapping[int, Decimal]

    def hits(self, rank: int) -> int:
        """The count that the rounded accuracy stands for; exact for up to 10,000 images."""
        return round(self.percent[rank] * self.images / 100)


def is_guide_result(content: object) -> bool:
    """Whether a JSON file is a result.json, whole or damaged."""
    return isinstance(content, dict) and {"title", "value"} <= content.keys()


class _Row(msgspec.Struct):
    key: str
    value: str


class _Lacking(msgspec.Struct):
    expected_images: int


class _File(msgspec.Struct):
    value: list[_Row]
    incomplete: _Lacking | None = None


def parse_guide_result(parsed: object, path: Path) -> GuideResult:
    """The result in what a JSON file was parsed to. Raises DatasetError with its `path`."""
    content = as_form(parsed, _File, path)
    rows: dict[str, str] = {}
    for row in content.value:
        if rows.setdefault(row.key, row.value) != row.value:
            raise DatasetError(
                f"{path}: {row.key[:_SHOWN]!r} is there twice: {rows[row.key][:_SHOWN]!r} and "
                f"{row.value[:_SHOWN]!r}"
            )
    if _IMAGES not in rows:
        raise DatasetError(f"{path}: not a result.json of the guide (no {_IMAGES!r})")
    ranks = [rank for rank in range(1, len(rows) + 1) if accuracy_key(rank) in rows]
    try:
        images = parse_count(rows[_IMAGES])
        percent_of = {
            r: parse_decimal(rows[accuracy_key(r)].strip().removesuffix("%")) for r in ranks
        }
    except ValueError as error:
        raise DatasetError(f"{path}: no evaluation gives these figures: {error}") from error
    lacking = content.incomplete
    expected = images if lacking is None else lacking.expected_images
    in_order = [percent_of[rank] for rank in ranks]
    if in_order != sorted(in_order) or any(value > _ALL for value in in_order):
        told = ", ".join(f"Top{rank} {percent_of[rank]:f} %" for rank in ranks[:_RANKS_SHOWN])
        raise DatasetError(f"{path}: no evaluation gives these figures: {told}")
    if images > expected:
        raise DatasetError(
            f"{path}: no evaluation gives these figures: {images} of {counted(expected, 'image')}"
        )
    return GuideResult(
        images=images, expected_images=expected, complete=lacking is None, percent=percent_of
    )


def read_guide_result(path: Path) -> GuideResult:
    """Raises DatasetError for a file that is no result.json."""
    content = read_json(path, object, max_bytes=_MAX_BYTES)
    if not is_guide_result(content):
        raise DatasetError(f"{path}: not a result.json of the guide")
    return parse_guide_result(content, path)

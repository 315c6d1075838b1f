"""The guide's result.json: TopN as its evaluation script leaves it, written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from regcore.atomic import write_text
from regcore.errors import DatasetError
from regcore.metrics import TopN, percent

_IMAGES, _CLASSES = "Number of images", "Number of classes"
_INCOMPLETE = "incomplete"
_ALL = 100  # %


def accuracy_key(rank: int) -> str:
    """`Top1 accuracy`, as the file calls it."""
    return f"Top{rank} accuracy"


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


def parse_guide_result(content: Any, path: Path) -> GuideResult:  # noqa: ANN401
    """The result in a JSON file's `content`. Raises DatasetError with its `path`."""
    try:
        rows = {row["key"]: row["value"] for row in content["value"]}
        ranks = [rank for rank in range(1, len(rows) + 1) if accuracy_key(rank) in rows]
        images = int(rows[_IMAGES])
        lacking = content.get(_INCOMPLETE)
        result = GuideResult(
            images=images,
            expected_images=images if lacking is None else int(lacking["expected_images"]),
            complete=lacking is None,
            percent={r: Decimal(rows[accuracy_key(r)].removesuffix("%")) for r in ranks},
        )
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{path}: not a result.json of the guide ({error!r})") from error
    possible = (value.is_finite() and 0 <= value <= _ALL for value in result.percent.values())
    if not all(possible) or not 0 <= images <= result.expected_images:
        raise DatasetError(f"{path}: no evaluation gives these figures: {content['value']}")
    return result


def read_guide_result(path: Path) -> GuideResult:
    """Raises DatasetError for a file that is no result.json."""
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise DatasetError(f"{path}: not a result.json of the guide ({error})") from error
    return parse_guide_result(content, path)

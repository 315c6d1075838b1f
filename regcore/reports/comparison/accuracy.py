"""One measured or published accuracy, with where it is from and what it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from regcore.evaluation.intervals import Interval, wilson
from regcore.formats.guide_result import GuideResult, accuracy_key
from regcore.formats.timm_results import Baseline

#: The ranks that the guide and timm publish.
RANKS = (1, 5)


@dataclass(frozen=True)
class Accuracy:
    """How many of a device's answers were right, in percent.

    rank: 1 for Top1. batch: the size at which it was found, where the file's name tells.
    percent: as in the file, of the images that were counted.
    images: how many these are, expected_images: how many they should have been, which is more
    where the evaluation is not complete; both None where the file does not tell.
    file, line, key: where it stands. rules: in words, how hits and images came about.
    """

    rank: int
    batch: int | None
    percent: Decimal
    images: int | None
    expected_images: int | None
    complete: bool
    file: str
    line: int | None
    key: str
    rules: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """`FILE:LINE, key`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}, {self.key}"

    @property
    def counted(self) -> str:
        """`50000`, or `199 of 200`; empty where it is not told."""
        if self.complete:
            return "" if self.images is None else str(self.images)
        return f"{self.images} of {self.expected_images}"

    @property
    def sampling(self) -> Interval | None:
        """Wilson's 95 % interval in percent; None for what is not complete or not counted."""
        if not self.complete or not self.images:
            return None
        share = wilson(self._hits, self.images)
        return Interval(100 * share.low, 100 * share.high)

    @property
    def possible(self) -> Interval | None:
        """What a complete evaluation could give, in percent; None for what is complete.

        If all images that were not counted are missed, or hit.
        """
        if self.complete:
            return None
        images, expected = self.images or 0, self.expected_images or 0
        if not expected:
            return Interval(0.0, 100.0)
        uncounted = expected - images
        return Interval(
            100 * self._hits / expected,
            100 * (self._hits + uncounted) / expected,
        )

    @property
    def _hits(self) -> int:
        return round(self.percent * (self.images or 0) / 100)


def of_guide_result(
    result: GuideResult, path: Path, text: str, batch: int | None
) -> list[Accuracy]:
    """The accuracies of a result.json with this `text`; what it does not say of a rank is left out.

    Of an evaluation that counted nothing there is still that it is not complete.
    """
    return [
        Accuracy(
            rank=rank,
            batch=batch,
            percent=result.percent.get(rank, Decimal(0)),
            images=result.images,
            expected_images=result.expected_images,
            complete=result.complete,
            file=str(path),
            line=_line(text, f'"{accuracy_key(rank)}"'),
            key=accuracy_key(rank),
        )
        for rank in RANKS
        if rank in result.percent or not (result.complete or result.images)
    ]


def of_baseline(baseline: Baseline) -> list[Accuracy]:
    """The accuracies of a row of timm's table."""
    told = baseline.images is not None
    return [
        Accuracy(
            rank=rank,
            batch=None,
            percent=Decimal(repr(value)),
            images=baseline.images,
            expected_images=baseline.images,
            complete=True,
            file=baseline.file,
            line=baseline.line,
            key=f"{baseline.model}, top{rank}",
            rules=(f"of ImageNet's {baseline.images} validation images",) if told else (),
        )
        for rank, value in ((1, baseline.top1), (5, baseline.top5))
    ]


def _line(text: str, key: str) -> int | None:
    for number, line in enumerate(text.splitlines(), 1):
        if key in line:
            return number
    return None

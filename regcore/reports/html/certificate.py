"""A certificate in a report: how the interval of the drop narrowed, image by image."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regcore.errors import DatasetError
from regcore.evaluation.predictions_csv import PREDICTIONS
from regcore.files.input_file import read_input
from regcore.reports.certify import Row, headline, rows_of_texts, to_dict
from regcore.trust.certify.evidence import read_evidence
from regcore.trust.certify.findings import Mark
from regcore.trust.certify.session import recheck

#: Its name in a run's folder.
CERTIFICATE = "certificate.jsonl"

WIDTH, HEIGHT = 600, 200
_HEADROOM = 1.6  # of the last interval, and of the margin


@dataclass(frozen=True)
class Funnel:
    """The interval of the drop over the images, in a box of WIDTH by HEIGHT.

    Images are on a logarithmic scale, the drop in pt, upwards, from -most to most. band, drop:
    paths of the interval and of the drop so far. allowed, none: heights in % of the margin and of
    no drop. ticks: numbers of images with their places in %. most: in pt.
    """

    band: str
    drop: str
    allowed: float
    none: float
    ticks: tuple[tuple[float, str], ...]
    most: float


@dataclass(frozen=True)
class ShownCertificate:
    """What a report shows; outcome, headline and rows in words."""

    outcome: str
    headline: str
    alarm: bool
    rows: list[Row]
    funnel: Funnel | None


def read_certificate(folder: Path) -> ShownCertificate | None:
    """The certificate in a run's folder, computed again from its decisions; None: there is none.

    Raises MismatchError where it was changed, and DatasetError where it is not about this run,
    neither as the port nor as the reference.
    """
    path = folder / CERTIFICATE
    if not path.exists():
        return None
    evidence = read_evidence(path)
    own = f"sha256:{hashlib.sha256(read_input(folder / PREDICTIONS)).hexdigest()}"
    if own not in (evidence.head.port.identity, evidence.head.reference.identity):
        raise DatasetError(f"{path}: is about other runs; 'regcore certify' writes one about this")
    found = to_dict(recheck(evidence, path), path)
    return ShownCertificate(
        found["outcome"],
        headline(found),
        found["alarm"],
        rows_of_texts(found),
        funnel([Mark(**mark) for mark in found["history"]], found),
    )


def funnel(history: Sequence[Mark], found: dict[str, Any]) -> Funnel | None:
    """The figure; None of fewer than two marks. found: a certificate in its form for machines."""
    if len(history) <= 1:
        return None
    images: int = found["images"]
    margin: float = found["margin_points"]
    last = history[-1]
    most = _HEADROOM * max(margin, abs(last.low), abs(last.high), 100 / images)
    first = math.log(history[0].drawn)
    span = max(math.log(images) - first, 1e-9)

    def x(drawn: int) -> float:
        return WIDTH * (math.log(drawn) - first) / span

    def y(points: float) -> float:
        return HEIGHT * (0.5 - max(-most, min(most, points)) / (2 * most))

    upper = [(x(mark.drawn), y(mark.high)) for mark in history]
    lower = [(x(mark.drawn), y(mark.low)) for mark in reversed(history)]
    so_far = [(x(m.drawn), y(100 * (m.lost - m.won) / m.drawn)) for m in history]
    powers = [10**power for power in range(1, 12) if history[0].drawn <= 10**power < images]
    return Funnel(
        band=f"{_path([*upper, *lower])}Z",
        drop=_path(so_far),
        allowed=100 * y(margin) / HEIGHT,
        none=50.0,
        ticks=tuple((100 * x(number) / WIDTH, f"{number:,}") for number in [*powers, images]),
        most=most,
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)

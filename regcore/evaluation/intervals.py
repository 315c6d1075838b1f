"""What a count of hits says of the whole, and two counts on the same images of each other."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """From `low` to `high`, where the true value lies with the confidence that was asked for."""

    low: float
    high: float


def wilson(hits: int, count: int, confidence: float = CONFIDENCE) -> Interval:
    """Wilson's score interval (1927) of a share of hits, 0 to 1, without continuity correction."""
    if count <= 0:
        return Interval(0.0, 1.0)
    z = _quantile(confidence)
    share = hits / count
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = (
        z
        / (1 + z * z / count)
        * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    )
    low = 0.0 if hits == 0 else max(0.0, centre - half)
    high = 1.0 if hits == count else min(1.0, centre + half)
    return Interval(low, high)


def detectable_drop(share: float, count: int, confidence: float = CONFIDENCE) -> float:
    """The smallest drop of an accuracy that a run of `count` images tells from chance.

    One-sided, against a fixed baseline: the normal quantile times the standard error, 0 to 1. With
    all images right, or none, where that error says nothing, the exact bound of the binomial
    distribution: that all of them are right by chance once in 1 / (1 - confidence) times.
    """
    if not count:
        return 1.0
    if share in (0.0, 1.0):
        return float(1 - (1 - confidence) ** (1 / count))
    z = NormalDist().inv_cdf(confidence)
    return z * math.sqrt(share * (1 - share) / count)


def mcnemar(lost: int, won: int) -> float:
    """The two-sided exact p value that as many images flip one way as the other.

    lost: right before and wrong now; won: the reverse. Twice the binomial tail with 1/2, at most
    1; without any flips 1.
    """
    flips = lost + won
    if flips == 0:
        return 1.0
    fewer = min(lost, won)
    # Logarithms: the terms of thousands of flips are beyond float.
    logs = [
        math.lgamma(flips + 1) - math.lgamma(k + 1) - math.lgamma(flips - k + 1)
        for k in range(fewer + 1)
    ]
    largest = max(logs)
    total = math.fsum(math.exp(log - largest) for log in logs)
    return min(1.0, 2 * math.exp(largest + math.log(total) - flips * math.log(2)))


def paired_difference(lost: int, won: int, count: int, confidence: float = CONFIDENCE) -> Interval:
    """The interval of the change of an accuracy, (won - lost) / count, on the same images.

    It is Agresti and Min's (2005): Wald's, after half an image is added to each of the four
    cells of the table of both runs' outcomes.
    """
    if count <= 0:
        return Interval(-1.0, 1.0)
    z = _quantile(confidence)
    total = count + 2
    more, less = (won + 0.5) / total, (lost + 0.5) / total
    centre = more - less
    half = z * math.sqrt((more + less - centre * centre) / total)
    return Interval(max(-1.0, centre - half), min(1.0, centre + half))


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)

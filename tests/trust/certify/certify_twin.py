"""The sequential test once more, image by image, in plain Python: slow, and written to be read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from regcore.trust.certify import bets

PASS, FAIL, UNDECIDED = "PASS", "FAIL", "UNDECIDED"


@dataclass
class SlowWealth:
    """What was bet against "at least total" (side 1) or "at most total" (side -1)."""

    images: int
    allowed: int
    alpha: float
    total: int
    side: int
    drawn: int = 0
    dropped: int = 0
    flips: int = 0

    def __post_init__(self) -> None:
        self.parts = list(bets.WEIGHTS)
        self.bets = self.next_bets()

    def next_bets(self) -> list[float]:
        left = self.images - self.drawn
        if not left:
            return []
        distance = max(self.allowed / self.images, bets.LEAST_DISTANCE)
        rate = (self.flips + bets.EXPECTED_FLIPS) / (self.drawn + bets.EXPECTED_IN)
        clock = max(self.drawn * self.images / left, 1)
        part = math.sqrt(2 * math.log(1 / self.alpha) * rate / clock) / distance
        part = min(max(part, bets.LEAST_PART), bets.MOST_PART)
        near = part * distance / rate * self.images / left
        missing = self.total - self.dropped
        seen = self.drawn + bets.SEEN_IN
        ahead = self.side * (missing / left - self.dropped / seen)
        far = max(ahead, 0) / ((self.flips + bets.SEEN_FLIPS) / seen)
        length = max(1, self.images // bets.PARTS)
        until = min((self.drawn // length + 1) * length, self.images)
        most = bets.MOST_LOST / (1 + min(1, abs(missing) / (self.images - until + 1)))
        self.until = until
        return [min(near, most), min(far, most)]

    def draw(self, difference: int) -> float:
        """The logarithm of the wealth after one more image."""
        left = self.images - self.drawn
        mean = min(max((self.total - self.dropped) / left, -1), 1)
        self.parts = [
            part * (1 - self.side * bet * (difference - mean))
            for part, bet in zip(self.parts, self.bets, strict=True)
        ]
        self.drawn += 1
        self.dropped += difference
        self.flips += abs(difference)
        if self.side * (self.total - self.dropped) > self.images - self.drawn:
            return math.inf
        if difference or self.drawn == self.until:
            self.bets = self.next_bets()
        return math.log(sum(self.parts))


def slow_test(
    differences: Sequence[int], images: int, margin_points: float, alpha: float
) -> tuple[str, int | None, list[tuple[float, float]]]:
    """The outcome, by how many images, and both logarithms of wealth after each image."""
    allowed = math.floor(Fraction(repr(margin_points)) * images / 100)
    beyond = SlowWealth(images, allowed, alpha, allowed + 1, 1)
    within = SlowWealth(images, allowed, alpha, allowed, -1)
    outcome, decided_at, logs = UNDECIDED, None, []
    for number, difference in enumerate(differences, 1):
        logs.append((beyond.draw(difference), within.draw(difference)))
        for name, log in zip((PASS, FAIL), logs[-1], strict=True):
            if decided_at is None and log >= math.log(1 / alpha):
                outcome, decided_at = name, number
    return outcome, decided_at, logs

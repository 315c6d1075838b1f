"""Many runs of the sequential test at once: from flip to flip, by the bets of the test itself.

Between two flips the differences are 0 and the bets stay, so that the wealth grows by a product of
(n + b m) / n over the images n that are left, m the sum that is missing: a ratio of Gamma
functions. tests/trust demands the verdicts of the test, image by image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from regcore.trust.certify.bets import PARTS, WEIGHTS, Bets
from regcore.trust.certify.sequential_test import Question

#: Where so few parts of the images are left, a run is taken as drawn to its end, and right.
_TAIL = 2
_LOG_WEIGHTS = np.log(np.array(WEIGHTS))[:, np.newaxis, np.newaxis]
_SIDES = np.array([1, -1])[:, np.newaxis]

PASSED, FAILED, AT_THE_END = 1, -1, 0


@dataclass(frozen=True)
class Runs:
    """verdict: PASSED, FAILED, or AT_THE_END, where it is the truth. images: by how many."""

    verdict: NDArray[np.int64]
    images: NDArray[np.int64]


@dataclass(frozen=True)
class Population:
    """A set of images of which a port loses some and wins others."""

    images: int
    lost: int
    won: int

    @property
    def flips(self) -> int:
        """Images that flip either way."""
        return self.lost + self.won


def events(
    population: Population, runs: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the images lie that flip, or after which bets are made anew, in order; int64 [runs, n].

    And their differences. An image that flips and after which bets are made anew is there twice.
    """
    part = population.images // PARTS
    marks = np.arange(part, population.images, part) - 1
    signs = np.repeat([1, -1], [population.lost, population.won])
    places = np.empty((runs, population.flips + len(marks)), np.int64)
    differences = np.zeros_like(places)
    for run in range(runs):
        flips = random.choice(population.images, population.flips, replace=False)
        all_places = np.concatenate([flips, marks])
        order = np.argsort(all_places, kind="stable")  # of the two, the flip comes first
        places[run] = all_places[order]
        differences[run] = np.concatenate([signs, np.zeros(len(marks), np.int64)])[order]
    return places, differences


def simulate(question: Question, population: Population, runs: int, seed: int) -> Runs:
    """Draws `runs` orders of a population at random, each until the test is decided."""
    return decide(question, *events(population, runs, np.random.default_rng(seed)))


def decide(question: Question, places: NDArray[np.int64], differences: NDArray[np.int64]) -> Runs:
    """The verdicts on runs whose events are given, see `events`."""
    images, runs = question.images, len(places)
    bets = Bets(images, question.allowed, question.alpha)
    totals = np.array([question.allowed + 1, question.allowed])[:, np.newaxis]
    threshold = np.log(1 / question.alpha)
    found = Runs(np.full(runs, AT_THE_END), np.full(runs, images))
    state = _State(np.arange(runs), np.zeros((len(WEIGHTS), 2, runs)))
    for event in range(places.shape[1]):
        place, difference = places[state.runs, event], differences[state.runs, event]
        fresh = place >= state.drawn  # else the bets are made anew already
        flat = (2 * len(place),)
        now = bets.after(
            np.tile(state.drawn, 2),
            np.tile(state.dropped, 2),
            np.tile(state.flips, 2),
            np.broadcast_to(totals, (2, len(place))).reshape(flat),
            np.broadcast_to(_SIDES, (2, len(place))).reshape(flat),
        ).reshape(len(WEIGHTS), 2, len(place))
        missing = totals - state.dropped
        left = images - state.drawn
        pull = _SIDES * now * missing
        at_flip = np.where(fresh, images - place, left)  # images left before the event's own
        before = state.log + _product(left, at_flip, pull)
        gain = np.log1p(-_SIDES * now * (difference - missing / at_flip))
        after = np.where(fresh, before + gain, before)
        came_before, came_now = (_mixed(log) >= threshold for log in (before, after))
        decided = (came_before | came_now).any(axis=0)
        if decided.any():
            rows = np.flatnonzero(decided)
            first = came_before[:, rows].any(axis=0)
            passed = np.where(first, came_before[0, rows], came_now[0, rows])
            found.verdict[state.runs[rows]] = np.where(passed, PASSED, FAILED)
            drawn = place[rows] + 1
            for number in np.flatnonzero(first).tolist():
                row = rows[number]
                side = int(np.argmax(came_before[:, row]))
                drawn[number] = images - _crossing(
                    state.log[:, side, row], left[row], at_flip[row], pull[:, side, row], threshold
                )
            found.images[state.runs[rows]] = drawn
        state.advance(
            np.where(fresh, place + 1, state.drawn), np.where(fresh, difference, 0), after
        )
        state.keep(~decided & (images - state.drawn > _TAIL * (images // PARTS)))
        if not len(state.runs):
            break
    return found


class _State:
    def __init__(self, runs: NDArray[np.intp], log: NDArray[np.float64]) -> None:
        self.runs = runs
        self.log = log
        self.drawn, self.dropped, self.flips = (np.zeros(len(runs), np.int64) for _ in range(3))

    def advance(
        self, drawn: NDArray[np.int64], difference: NDArray[np.int64], log: NDArray[np.float64]
    ) -> None:
        self.drawn, self.log = drawn, log
        self.dropped = self.dropped + difference
        self.flips = self.flips + np.abs(difference)

    def keep(self, wanted: NDArray[np.bool_]) -> None:
        if not wanted.all():
            self.runs, self.log = self.runs[wanted], self.log[..., wanted]
            self.drawn, self.dropped = self.drawn[wanted], self.dropped[wanted]
            self.flips = self.flips[wanted]


def _product(
    left: NDArray[np.int64], until: NDArray[np.int64], pull: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The logarithm of the product of (n + pull) / n over n from `left` down to `until` + 1."""
    gain = gammaln(left + 1 + pull) - gammaln(until + 1 + pull)
    product: NDArray[np.float64] = gain - gammaln(left + 1) + gammaln(until + 1)
    return product


def _mixed(log: NDArray[np.float64]) -> NDArray[np.float64]:
    mixed: NDArray[np.float64] = np.logaddexp.reduce(log + _LOG_WEIGHTS, axis=0)
    return mixed


def _crossing(
    log: NDArray[np.float64], left: int, until: int, pull: NDArray[np.float64], threshold: float
) -> int:
    """How many images are left when the wealth, which grows, reaches the threshold."""
    low, high = int(until), int(left)  # reached at low, not at high
    while high - low > 1:
        middle = (low + high) // 2
        gained = _product(np.asarray(left), np.asarray(middle), pull)
        if np.logaddexp.reduce(log + gained + _LOG_WEIGHTS[:, 0, 0]) >= threshold:
            low = middle
        else:
            high = middle
    return low

"""Interleaved rounds, and what is computed from them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from statistics import median
from time import process_time
from typing import Any, NamedTuple


class Key(NamedTuple):
    """What was timed. source: memory, files, or stages and the forced instruction set."""

    label: str
    source: str
    workers: int


Round = dict[Key, float]  # ms per image
Task = Callable[[], Round]


def interleave(tasks: Iterable[Task], rounds: int, notify: Callable[[str], object]) -> list[Round]:
    """Each round runs every task once, in an order of its own; the first one only warms up."""
    done = []
    for number in range(rounds + 1):
        order = list(tasks)
        random.Random(number).shuffle(order)  # noqa: S311
        result: Round = {}
        for place, task in enumerate(order):
            name = f"round {number} of {rounds}" if number else "warm-up round"
            notify(f"{name}: {place + 1} of {len(order)}")
            result.update(task())
        if number:
            done.append(result)
    return done


def cpu_ms(run: Callable[[], object], images: int) -> float:
    """CPU time of the process for each image, all its threads together."""
    start = process_time()
    run()
    return 1000 * (process_time() - start) / images


def times(rounds: list[Round], key: Key) -> list[float]:
    return [one[key] for one in rounds]


def ratios(rounds: list[Round], above: Key, below: Key) -> list[float]:
    """One per round, so that whatever slows a whole round down does not show."""
    return [one[above] / one[below] for one in rounds]


def spread(values: list[float]) -> dict[str, Any]:
    return {
        "min": min(values),
        "median": median(values),
        "max": max(values),
        "rounds": values,
    }

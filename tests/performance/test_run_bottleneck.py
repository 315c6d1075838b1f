"""The sentence on what held a run up, from the loads of its stages."""

from __future__ import annotations

import pytest

from regcore.performance.perf import StageLoad
from regcore.performance.run_bottleneck import run_bottleneck


def loads(
    device: float, preprocess: float | None = None, post: float = 0.01, *, workers: int = 2
) -> list[StageLoad]:
    """Stages of a run of 10 s that were at work for these parts of it."""
    host = [] if preprocess is None else [preprocess]
    return [
        *(StageLoad("preprocess", workers, 10 * workers * part, 0.0, 0.0) for part in host),
        StageLoad("device", 1, 10 * device, 10 * (1 - device), 0.0),
        StageLoad("post", 1, 10 * post, 0.0, 0.0),
    ]


@pytest.mark.parametrize(
    ("found", "worker_seconds", "stage", "sentence"),
    [
        (
            *(loads(0.62, 0.97), {"read": 1.0}, "preprocess"),
            (
                "The host is the bottleneck: the device waited 38 % of the time, while the "
                "2 workers worked 97 % of it."
            ),
        ),
        (
            *(loads(0.87, 0.13, workers=1), {"read": 1.0}, "device"),
            ("The device is the bottleneck: it worked 87 % of the time, the only worker 13 %."),
        ),
        (
            *(loads(0.4, 0.9), {"read": 12.6}, "storage"),
            (
                "Storage is the bottleneck: the 2 workers spent 70 % of the work on reading "
                "files, and the device waited 60 % of the time."
            ),
        ),
        (
            *(loads(0.3, 0.2, 0.95), {}, "post"),
            (
                "Post-processing is the bottleneck: counting the scores took 95 % of the time, "
                "and the device waited 70 % of the time."
            ),
        ),
        (
            *(loads(0.2), {}, "storage"),
            "Reading is the bottleneck: the device waited 80 % of the time for batches.",
        ),
        (
            *(loads(0.9), {}, "device"),
            "The device is the bottleneck: it worked 90 % of the time.",
        ),
        (
            *(loads(0.5, 0.4), {}, None),
            (
                "No stage was at its limit: the device worked 50 % of the time, the 2 workers "
                "40 %, and 30 % of it passed before the first scores."
            ),
        ),
    ],
)
def test_the_sentence(
    found: list[StageLoad], worker_seconds: dict[str, float], stage: str | None, sentence: str
) -> None:
    bottleneck = run_bottleneck(found, 10.0, worker_seconds, first_batch_s=3.0)
    assert bottleneck is not None
    assert (bottleneck.stage, bottleneck.sentence) == (stage, sentence)


def test_nothing_is_said_of_what_took_no_time() -> None:
    assert run_bottleneck(loads(0.5), 0.0, {}) is None
    assert run_bottleneck([], 1.0, {}) is None
    assert run_bottleneck(loads(0.0, 0.0, 0.0), 10.0, {}) is None

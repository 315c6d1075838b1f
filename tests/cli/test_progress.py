"""Long commands without a terminal tell how far they have come."""

from __future__ import annotations

import re
import time

import pytest

from regcore.cli import progress
from regcore.cli.progress import progress_bar, status_line


def wait_for(capsys: pytest.CaptureFixture[str], lines: int) -> list[str]:
    told = ""
    while told.count("\n") < lines:
        told += capsys.readouterr().err
        time.sleep(0.005)
    return told.splitlines()


def test_a_line_every_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_TOLD_EVERY", 0.05)
    with progress_bar("evaluating", 5000) as advance:
        assert wait_for(capsys, 1)[0] == "regcore: evaluating: 0 of 5000 images"
        advance(1000, 0)  # those of an earlier run, which say nothing of the rate
        advance(1100, 2)
        line = wait_for(capsys, 1)[0]
        found = re.fullmatch(
            r"regcore: evaluating: 1100 of 5000 images, ([0-9.]+) images/s, (.*) left, 2 bad", line
        )
        assert found is not None, line
        assert float(found[1]) > 100 / 10  # of a machine that stood still for 10 s
        # It is told also when nothing is done any more.
        still = "regcore: evaluating: 1100 of 5000 images, 0.0 images/s, 2 bad"
        assert still in wait_for(capsys, 2)
    time.sleep(0.1)
    assert capsys.readouterr().err.count("\n") <= 1


def test_a_short_command_tells_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("evaluating", 20) as advance:
        advance(20, 0)
    with status_line() as show:
        show("the device alone")
    assert capsys.readouterr().err == ""


def test_what_is_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_TOLD_EVERY", 0.05)
    with status_line() as show:
        show("storage alone")
        show("the device alone")
        assert wait_for(capsys, 1)[-1] == "regcore: measuring the device alone"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.4, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (940, "15 min 40 s"), (7500, "2 h 5 min")],
)
def test_durations(seconds: float, told: str) -> None:
    assert progress.duration(seconds) == told

"""A library that crashes, hangs or raises is a row with its cause, and harms nobody else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from regcore import Recipe
from regcore.trust.doctor.child import Task
from regcore.trust.doctor.children import run_all
from regcore.trust.doctor.findings import ExaminedPeer

SOURCE = Path(__file__).with_name("crashing_peer.py")
RECIPE = Recipe(resize=40, crop=36).to_dict()

pytestmark = pytest.mark.slow


@pytest.fixture
def tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Task, type]]:
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    found: dict[str, tuple[Task, type]] = {}
    for how in ("abort", "exit", "hang", "raise", "print"):
        text = SOURCE.read_text("utf-8").replace('HOW = "abort"', f'HOW = "{how}"')
        (tmp_path / f"crashing_peer_{how}.py").write_text(text)
        found[how] = Task(f"crashing_peer_{how}", RECIPE), ExaminedPeer
    return found


def test_each_is_told(tasks: dict[str, tuple[Task, type]]) -> None:
    hanging = {"hang": tasks.pop("hang")}
    answers = run_all(tasks)
    assert answers["abort"] == "crashed by SIGABRT"
    assert answers["exit"] == "ended with code 7"
    assert answers["raise"] == "ImportError: libmissing.so.3: cannot open shared object file"
    noisy = answers["print"]
    assert isinstance(noisy, ExaminedPeer)
    assert noisy.ways[0].stages[0].equal == noisy.ways[0].stages[0].compared > 40
    assert run_all(hanging, time_limit=2) == {"hang": "does not answer within 2 s"}


def test_nothing_to_do() -> None:
    assert run_all({}) == {}

"""README.md stays short, and has the two commands that .ci/run takes from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 120


@pytest.mark.parametrize("end", ["/regcore demo", "/pytest"])
def test_the_commands_that_set_up_everything(end: str) -> None:
    (command,) = re.findall(rf"^apt-get update .* && \S*{end}$", README, re.MULTILINE)
    assert "python3 -m venv" in command


def test_its_pictures_are_small() -> None:
    pictures = re.findall(r"^!\[[^\]]+\]\(([^)]+)\)$", README, re.MULTILINE)
    assert pictures
    assert all((ROOT / picture).stat().st_size < 150_000 for picture in pictures)

"""What the commands share: a failure is one line, and foreign text cannot speak to the terminal."""

from __future__ import annotations

import sys

import pytest

from regcore.cli.console import report_failure
from regcore.cli.termination import INTERRUPTED
from regcore.errors import DatasetError
from regcore.reports.printable import printable


def test_printable() -> None:
    assert printable("a b\n\x1b[31mé\udcff") == "a b\\n\\x1b[31mé\\udcff"


def test_an_interrupt_is_told_on_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert report_failure(KeyboardInterrupt()) == INTERRUPTED
    assert capsys.readouterr().err == "regcore: interrupted\n"
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert report_failure(KeyboardInterrupt()) == INTERRUPTED
    assert capsys.readouterr().err == "\nregcore: interrupted\n"


def test_errors_are_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert report_failure(DatasetError("a\nb: cut short")) == 3
    assert report_failure(OSError(28, "No space left on device", "x")) == 4
    assert (
        capsys.readouterr().err
        == "regcore: a\\nb: cut short\nregcore: x: No space left on device\n"
    )

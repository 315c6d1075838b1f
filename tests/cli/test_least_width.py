"""No terminal is too narrow for a number: tables keep their digits together, and every column."""

from __future__ import annotations

import pytest
from rich.table import Table

from regcore.cli.console import print_text


@pytest.mark.parametrize("columns", ["1", "10", "40", "80"])
def test_numbers_stay_whole(
    columns: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    table = Table()
    table.add_column("name", overflow="fold")
    table.add_column("file", no_wrap=True)
    rates = [f"{rate}.25" for rate in range(1461, 1481)]
    for number in range(len(rates)):
        table.add_column(f"device{number}", justify="right", overflow="fold")
    table.add_row("n" * 300, "a b.txt", *rates)
    print_text("a sentence", table)
    answer = capsys.readouterr().out
    assert [rate for rate in rates if rate not in answer] == []
    assert "a b.txt" in answer
    assert max(map(len, answer.splitlines())) < 300  # long names are still folded
    assert answer.count("n") > 300


def test_a_text_is_as_wide_as_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    print_text("word " * 30)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40

"""The lint of guides: their forms, contradictions in them, and what is not compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import regcore

LINT = Path(__file__).parents[1] / "cases" / "lint"


def lint(path: Path, code: int) -> dict[str, Any]:
    found = regcore("compare", "--lint", path, "--json")
    assert found.exit_code == code, found.output
    return dict(json.loads(found.stdout))


def wrong(found: dict[str, Any]) -> dict[str, str]:
    return {one["what"]: one["found"].split(" = ")[-1] for one in found["mismatches"]}


def test_an_accuracy_table_is_not_taken_for_rates() -> None:
    found = wrong(lint(LINT / "accuracy_table_first.md", 5))
    assert found == {"310P/310 bs1": "1.28007275", "310P/310 best": "1.28007275"}


def test_rows_that_are_named_by_numbers() -> None:
    found = lint(LINT / "bare_batch_numbers.md", 5)
    assert {name: wrong(found)[name] for name in ("310P bs1", "310P bs4")} == {
        "310P bs1": "65.5303",
        "310P bs4": "64.5802",
    }
    assert [row[1] for row in found["corrected"][1:]] == ["65.5303", "64.5802", "65.5303"]


def test_contradictions_leave_the_cells_open() -> None:
    found = lint(LINT / "contradiction.md", 0)
    assert found["mismatches"] == []
    assert [(note["line"], note["text"]) for note in found["notes"]] == [
        (7, "310P at batch 4: 5244.27 here, 1743.58 in line 5: not compared"),
        (13, "T4 at batch 4: 1911.5 here, 1766.07 in line 11: not compared"),
    ]
    assert found["corrected"][1] == ["bs4", "5244.27", "1911.5", "2.74353649"]
    told = regcore("compare", "--lint", LINT / "contradiction.md").stderr
    assert "contradiction.md:7: 310P at batch 4: 5244.27 here, 1743.58 in line 5" in told


def test_a_file_name_that_contradicts_the_words() -> None:
    found = lint(LINT / "file_name_contradicts_heading.md", 0)
    (note,) = found["notes"]
    assert (note["line"], note["text"].partition(":")[0]) == (
        3,
        "the text says batch 8, the file's name 16",
    )


def test_the_line_names_the_device() -> None:
    found = wrong(lint(LINT / "heading_without_device.md", 5))
    assert found == {"310P bs1": "113.609", "310P bs16": "143.496"}


def test_thousands() -> None:
    assert wrong(lint(LINT / "thousands.md", 0)) == {}
    assert wrong(lint(LINT / "thousands_table.md", 5)) == {"310 bs16": "1164.16"}


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello\n",
        "|a|b|\n|-|-|\n|x|1|\n",
        "| | 310 |\n|-|-|\n| bs1 | 79% |\n",
        "<table><tr><td>bs1</td></tr></table>\n",
        "# 310\n| | 310 |\n|-|-|\n| bs1 | 100 |\n",
        "# 精度\n| | 310 |\n|-|-|\n| bs1 | 79.1 |\n",
        "# 310\n| | 310 |\n|-|-|\n| bs1 | - |\n| best | 79.1 |\n",
    ],
)
def test_nothing_compared_is_no_success(tmp_path: Path, text: str) -> None:
    found = regcore("compare", "--lint", write(tmp_path / "g.md", text))
    assert found.exit_code == 3
    assert "g.md" in found.stderr


def test_what_is_not_read_is_named_with_its_line(tmp_path: Path) -> None:
    text = (
        "# X1\nbatch1 throughput: 5 fps\n" + "y" * 20_000 + "\n"
        "| | X1 | T4 | A/B |\n|-|-|-|-|\n| bs1 | 5 | inf | 1 |\n| bs4 | -3 | 1e99999999 | 1 |\n"
    )
    found = lint(write(tmp_path / "g.md", text), 0)
    assert found["checked"] == 1
    assert [(note["line"], note["text"][:20]) for note in found["notes"]] == [
        (3, "20000 characters in "),
        (4, "the column A/B is no"),
        (6, "'inf' in the column "),
        (7, "'-3' in the column X"),
        (7, "'1e99999999' in the "),
    ]


def guide(rows: str, text: str = "# 310P\nbatch16: Interface throughputRate: 1635.3\n") -> str:
    return f"{text}\n| | **310** | **310P** | **310P/310** |\n|-|-|-|-|\n{rows}\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (guide("| **bs16** | 1361.796 | 1635.3 | 1.201 |"), {}),
        (guide("| **bs16** | 1361.796fps | 1,635.4 fps | 1.2倍 |"), {"310P bs16": "1635.3"}),
        (guide("| Batch 16 | - | 1636 | |"), {"310P bs16": "1635.3"}),
        (guide("| U2-Net bs16 | - | 1636 | |"), {"310P bs16": "1635.3"}),
        # Cut, not rounded: 97.6916 / 53.8752 = 1.813294.
        (guide("| bs16 | 53.8752 | 97.6916 | 1.8132 |", ""), {}),
        (guide("| bs16 | 53.8752 | 97.6916 | 1.8131 |", ""), {"**310P/310** bs16": "1.81329443"}),
        # A statement of a card, a log of one of its four chips.
        (guide("| bs4 | 400.4 | - | |", "# 310\nbatch8 吞吐率: 2x4=8fps\nbatch4 Interface "
               "throughputRate: 100.1\nbatch4 310单卡吞吐率:400.4fps\n"), {}),
        # Latency of a batch.
        (guide("| bs4 | 901.33 | - | |", "# 310\nbatch4 吞吐率:1000/(4.43787/4)=901.33fps\n"), {}),
        (guide("| bs4 | 895.11 | - | |", "# 310\nbatch4 吞吐率:1000/(4.43787/4)=895.11fps\n"),
         {"310 bs4, multiplied": "901.33329728", "310 bs4": "901.33329728"}),
        # A comment of a shell is no heading.
        (guide("| bs16 | - | 9 | |", "# 310P\n```\n# 310\nbatch16 Interface throughputRate: 10\n"
               "```\n"), {"310P bs16": "10"}),
        ("batch4 310单卡吞吐率:1311.7 * 4=2712.568 fps\n", {"line 1, multiplied": "5246.8"}),
    ],
)  # fmt: skip
def test_forms_of_guides(tmp_path: Path, text: str, found: dict[str, str]) -> None:
    told = wrong(lint(write(tmp_path / "g.md", text), 5 if found else 0))
    assert told == {name.replace("*", ""): right for name, right in found.items()}


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("# T4\nbatch4 吞吐率\uff1a10 * 8 = 80 qps\n", "multiplies queries by 8"),
        ("# T4\nbatch1 吞吐率:1000*16/24.3536=656.98fps\n", "says batch 1, the figure is of 16"),
        ("# T4\nbatch4 310单卡吞吐率:80.25fps\n", "the line is of 310, but what stands above"),
        ("# T4\nbatch1 吞吐率:1743.58 fps\nbatch4 吞吐率:1743.58 fps\n", "neither is compared"),
    ],
)
def test_witnesses_that_contradict(tmp_path: Path, text: str, note: str) -> None:
    rows = "| | T4 | 310 | T4/310 |\n|-|-|-|-|\n| bs1 | 7 | 7 | 1 |\n| bs4 | 8 | 8 | 1 |\n"
    found = lint(write(tmp_path / "g.md", f"{text}\n{rows}"), 0)
    assert found["mismatches"] == []
    assert any(note in one["text"] for one in found["notes"]), found["notes"]


@pytest.mark.parametrize("name", ["加速比", "Speedup", "性能提升"])
def test_a_quotient_of_unnamed_devices_is_no_device(tmp_path: Path, name: str) -> None:
    rows = f"| | T4 | 310 | {name} |\n|-|-|-|-|\n| bs1 | 14 | 7 | 2.5 |\n"
    found = lint(write(tmp_path / "g.md", f"# 310\nbatch1 throughput: 7 fps\n{rows}"), 0)
    assert found["checked"] == 1
    assert [(note["line"], note["text"]) for note in found["notes"]] == [
        (3, f"the column {name} does not say what is divided by what")
    ]

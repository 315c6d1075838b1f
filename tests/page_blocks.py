"""The code blocks of a Markdown page, and what the page says of how they are run.

An HTML comment before a block says what a reader need not see:

    <!-- docs-test: exit 3 -->              what it returns; both: exit 3, emulated ascend
    <!-- docs-test: emulated ascend -->     pyACL is the emulated one; or: tensorrt
    <!-- docs-test: not run: REASON -->     the block is left out, and pytest tells the reason

Commands that install packages are left out without a word.

Anywhere on the page, `<!-- docs-test: given photos model -->` names the functions of page_inputs.py
that make what the page takes for granted. A block of `text` that follows a block of code is what
that prints: its lines come in this order, and `...` stands for anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
#: What is run. Blocks of other languages are configuration, data, or output.
LANGUAGES = ("sh", "python")

_LINES = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=indent)```$"
    r"|^ *<!-- docs-test: (?P<marker>.*?) -->$",
    re.DOTALL | re.MULTILINE,
)
#: Never run, also where a page forgets to say so.
_INSTALLS = re.compile(r"^(sudo +)?(apt-get|brew|dnf|pip) ", re.MULTILINE)


@dataclass
class Block:
    """Code to be run, and what comes of it.

    line: where it begins. printed: the lines that it prints. not_run: why it is left out.
    """

    line: int
    language: str
    code: str
    exit_code: int = 0
    emulated: str = ""
    not_run: str = ""
    printed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """The blocks of a page in their order, and the names of what it takes for granted."""

    given: tuple[str, ...]
    blocks: tuple[Block, ...]


def read_page(path: Path) -> Page:
    """Reads a page; AssertionError for a marker that is none."""
    text = path.read_text("utf-8")
    given: list[str] = []
    blocks: list[Block] = []
    marker = ""
    follows = False
    for found in _LINES.finditer(text):
        said = found["marker"]
        if said is not None:
            if said.startswith("given "):
                given += said.split()[1:]
            else:
                assert not marker, f"{path}: nothing is marked by {marker!r}"
                marker = said
            continue
        code = re.sub(f"^{found['indent']}", "", found["code"], flags=re.MULTILINE)
        line = text.count("\n", 0, found.start()) + 1
        if found["language"] in LANGUAGES:
            blocks.append(_marked(Block(line, found["language"], code), marker, path))
            follows = True
        elif found["language"] in ("", "text") and follows and not marker:
            blocks[-1].printed = tuple(filter(None, map(str.strip, code.splitlines())))
            follows = False
        else:
            assert not marker, f"{path}:{line}: only code is marked"
            follows = False
        marker = ""
    assert not marker, f"{path}: nothing is marked by {marker!r}"
    return Page(tuple(given), tuple(blocks))


def _marked(block: Block, marker: str, path: Path) -> Block:
    if marker.startswith("not run: "):
        block.not_run = marker.removeprefix("not run: ")
        return block
    if _INSTALLS.search(block.code):
        block.not_run = "it installs packages, on whatever machine the tests run"
    for word, value in (part.split() for part in marker.split(", ") if part):
        if word == "exit":
            block.exit_code = int(value)
        else:
            assert word == "emulated", f"{path}: {marker}"
            assert value in ("ascend", "tensorrt"), f"{path}: {marker}"
            block.emulated = value
    return block


def lacking(printed: tuple[str, ...], output: str) -> str | None:
    """The first line of `printed` that `output` has not, after the lines before it; None if all."""
    lines = iter(" ".join(line.split()) for line in output.splitlines())
    for wanted in printed:
        pattern = ".*".join(map(re.escape, " ".join(wanted.split()).split("...")))
        if wanted != "..." and not any(re.fullmatch(pattern, line) for line in lines):
            return wanted
    return None

"""Every relative link of the Markdown files leads to a file, and to a heading that it has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from page_blocks import PAGES, ROOT

OTHERS = ("CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "bench/README.md")
FILES = (*PAGES, *(ROOT / name for name in OTHERS))
_CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)(?: \"[^\"]*\")?\)")
_HEADING = re.compile(r"^#{1,6} +(.*?)(?: +\{ *#(?P<anchor>[\w-]+) *\})?$", re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The fragments of a page's headings, as forges and mkdocs make them."""
    text = re.sub(r"^ *```.*?^ *```$", "", path.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    found = set()
    for heading in _HEADING.finditer(text):
        words = re.sub(r"[^\w\s-]", "", heading[1]).strip().lower()
        found.add(heading["anchor"] or re.sub(r"\s+", "-", words))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links(path: Path) -> None:
    broken = []
    for found in _LINK.finditer(_CODE.sub("", path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", found["target"]):
            continue
        name, _, fragment = found["target"].partition("#")
        target = (path.parent / name).resolve() if name else path
        known = target.exists() and target.is_relative_to(ROOT)
        if known and fragment:
            known = target.suffix == ".md" and fragment in anchors(target)
        if not known:
            broken.append(found["target"])
    assert not broken


def test_every_page_is_in_the_navigation() -> None:
    listed = (ROOT / "mkdocs.yml").read_text("utf-8")
    for page in PAGES[1:]:
        name = page.relative_to(ROOT / "docs").as_posix()
        assert re.search(rf"[ :]{re.escape(name)}$", listed, re.MULTILINE), name

"""A verdict as Markdown and as JUnit's XML, read by other tools, whatever names are in it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regcore.api.verdict import Judgement
from regcore.evaluation.baseline_verdict import Measured, against_baseline
from regcore.evaluation.paired_verdict import against_run
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.verdict import Margin
from regcore.formats.timm_results import Baseline
from regcore.reports.printable import printable
from regcore.reports.verdict_junit import to_junit
from regcore.reports.verdict_rendering import to_markdown

HOSTILE = "a|b`c<script>alert(1)</script>&amp;\x1b[31m\n**x** [l](javascript:1)]]>\udcff\u202e\"'"
NAMES = st.text(min_size=1, max_size=20) | st.just(HOSTILE)
POINT = Margin(1, "pt")


def judgement(name: str, hits: int = 700, *, complete: bool = True) -> Judgement:
    """Of 1,000 images against 77 % of the model `name`, and of two against another run."""
    row = Baseline(name, 77.0, 93.0, 224, 0.9, "bicubic", name, "results.csv", 2, None)
    images = (name, "other.jpg")
    labels = np.array([1, 2])
    scores = np.zeros((2, 5), np.float32)
    now, before = (
        TopPredictions(images, labels, np.array([[first, 5, 6, 7, 8], [2, 5, 6, 7, 8]]), scores)
        for first in (3, 1)
    )
    return Judgement(
        margin=POINT,
        complete=complete,
        baseline=against_baseline(
            Measured(1000, hits, complete=complete), row, POINT, notes=(f"a note on {name}",)
        ),
        against=against_run(now, before, POINT, complete=complete),
        scores=None,
        run="0123456789abcdef",
        path=None,
    )


def cells_of_markdown(text: str) -> list[list[str]]:
    """The cells of the table, as a reader of GitHub's Markdown sees them."""
    markdown_it = pytest.importorskip("markdown_it")
    html = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").render(text)
    root = ET.fromstring(f"<x>{html.replace('<br>', chr(10))}</x>")  # noqa: S314
    tags = {element.tag for element in root.iter()}
    assert tags == {"x", "h3", "table", "thead", "tbody", "tr", "th", "td"}
    return [[cell.text or "" for cell in row] for row in root.iter("tr")][1:]


@settings(deadline=None)
@given(NAMES)
def test_markdown_shows_every_name_as_it_is(name: str) -> None:
    cells = cells_of_markdown(to_markdown(judgement(name).to_dict()))
    by_name = dict(map(tuple, cells))
    shown = " ".join(printable(name).split())
    assert " ".join(by_name["right before, wrong now"].split()) == f"1 {shown}".strip()
    assert [" ".join(value.split()) for what, value in cells if what == "note"] == [
        f"a note on {shown}".strip()
    ]


@settings(deadline=None)
@given(NAMES)
def test_junit_is_well_formed_under_every_name(name: str) -> None:
    text = to_junit(judgement(name).to_dict())
    assert text.isascii()
    root = ET.fromstring(text)  # noqa: S314
    names = [case.get("name") for case in root.iter("testcase")]
    shown = printable(f"{name}, {name}")
    assert names == [f"Top1 against {shown}", "Top1 against another run"]
    assert printable(name) in (root.findtext("testsuite/system-out") or "")


#: What Jenkins' schema lets stand in each element: attributes, then elements.
SCHEMA: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "properties": (set(), {"property"}),
    "property": ({"name", "value"}, set()),
    "testcase": ({"name", "classname"}, {"failure", "error", "skipped"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "system-out": (set(), set()),
}


@pytest.mark.parametrize(
    ("hits", "complete", "outcome", "kinds"),
    [
        (800, True, "PASS", [None, "error"]),
        (500, True, "FAIL", ["failure", "error"]),
        (770, True, "UNDECIDED", ["error", "error"]),
        (500, False, "UNDECIDED", ["error", "error"]),
    ],
)
def test_junit_says_what_became_of_each_part(
    hits: int,
    complete: bool,  # noqa: FBT001
    outcome: str,
    kinds: list[str | None],
) -> None:
    found = judgement("m", hits, complete=complete).to_dict()
    assert found["baseline"]["outcome"] == outcome
    text = to_junit(found)
    root = ET.fromstring(text)  # noqa: S314
    for element in root.iter():
        attributes, children = SCHEMA[element.tag]
        assert set(element.keys()) <= attributes
        assert {child.tag for child in element} <= children
    assert [child.tag for child in root[0]] == ["properties", "testcase", "testcase", "system-out"]

    junitparser = pytest.importorskip("junitparser")
    suite = next(iter(junitparser.JUnitXml.fromroot(ET.parse(io.StringIO(text)).getroot())))  # noqa: S314
    results: list[Any] = [case.result for case in suite]
    assert [type(one[0]).__name__.lower() if one else None for one in results] == kinds
    assert (suite.tests, suite.failures) == (2, kinds.count("failure"))
    assert suite.errors == kinds.count("error")
    if results[0]:
        assert results[0][0].message.startswith(f"{outcome}: Top1")


def test_what_is_shown_in_a_notebook_is_escaped() -> None:
    html = judgement(HOSTILE)._repr_html_()
    root = ET.fromstring(html.replace("<br>", "\n"))  # noqa: S314
    assert {element.tag for element in root.iter()} == {
        "table", "caption", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert root.findtext("caption") == "Verdict: FAIL"
    cells = ["".join(cell.itertext()) for cell in root.iter("td")]
    assert f"1\n{printable(HOSTILE)}" in cells


def test_the_command_prints_them(tmp_path: Path) -> None:
    from command_line import regcore

    path = tmp_path / "result_bs1.json"
    path.write_text(
        '{"title": "Overall statistical evaluation", "value": ['
        '{"key": "Number of images", "value": "50000"}, '
        '{"key": "Number of classes", "value": "1000"}, '
        '{"key": "Top1 accuracy", "value": "77.85%"}]}'
    )
    asked = ("verdict", path, "--baseline-top1", 77.862, "--max-drop", "1.0pt", "--format")
    markdown = regcore(*asked, "markdown")
    assert markdown.exit_code == 0, markdown.output
    assert markdown.stdout.startswith("### Verdict: PASS\n\n| | |\n| :-- | :-- |\n| Top1 |")
    junit = regcore(*asked, "junit")
    assert junit.exit_code == 0
    assert junit.stdout.startswith("<?xml version='1.0' encoding='us-ascii'?>\n<testsuites ")
    failed = regcore("verdict", path, "--baseline-top1", 90, "--max-drop", 0, "--format", "junit")
    assert failed.exit_code == 1
    assert '<failure message="FAIL: Top1 77.850 %, 95 %' in failed.stdout

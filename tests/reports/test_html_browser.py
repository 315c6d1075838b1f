"""The HTML report in Chromium: at a desk and on a phone, by day and by night."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import regcore
from reports.chromium import CHROMIUM, Browser, browser

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium"),
]

DESK = (1280, 800)
PHONE = (390, 844)
SMALL_PHONE = (320, 568)

#: What reaches beyond the window sideways, but for what scrolls in a box of its own.
OVERFLOWING = """[...document.querySelectorAll("body *")].filter(one => {
  const box = one.getBoundingClientRect();
  const scrolls = one.closest(".wide");
  return box.width > 0 && box.right > innerWidth + 1 &&
    !(scrolls && scrolls.scrollWidth > scrolls.clientWidth);
}).map(one => one.outerHTML.slice(0, 120))"""

#: Words whose colour has less than WCAG's contrast to what is behind them.
FAINT_WORDS = """(() => {
  const parts = colour => {
    const numbers = colour.match(/[\\d.]+/g).map(Number);
    return numbers.length < 4 ? [...numbers, 1] : numbers;
  };
  const light = colour => {
    const [r, g, b] = parts(colour).map(value => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = one => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (parts(colour)[3] === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  let words = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const one = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !one.getClientRects().length) continue;
    const style = getComputedStyle(one);
    const front = one.closest("svg") ? style.fill : style.color;
    const [dark, bright] = [light(front), light(behind(one))].sort((a, b) => a - b);
    const contrast = (bright + 0.05) / (dark + 0.05);
    words += 1;
    if (contrast < 4.5) found.push([contrast, walker.currentNode.data.trim().slice(0, 60)]);
  }
  return {words, found};
})()"""


def bottom_of(page: Browser, selector: str) -> float:
    """Where the first such element ends, in CSS pixels from the top of the window."""
    found = page.evaluate(
        f"document.querySelector({json.dumps(selector)})?.getBoundingClientRect().bottom"
    )
    assert found is not None, selector
    return float(found)


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture
def page(chromium: Browser) -> Iterator[Browser]:
    """Chromium; a test may not leave anything in its console, nor ask for anything else."""
    chromium.complaints.clear()
    chromium.requests.clear()
    yield chromium
    assert chromium.complaints == []
    assert [url for url in chromium.requests if not url.startswith(("file:", "data:"))] == []


@pytest.fixture
def report(run_folder: Path) -> Path:
    """A report of a complete run with a verdict, a comparison, and a profile."""
    for name in ("run.json", "perf.json"):
        content = json.loads((run_folder / name).read_text())
        if name == "run.json":
            content |= {"failed": [], "complete": True, "expected_images": content["images"]}
        (run_folder / name).write_text(json.dumps(content))
    regcore("verdict", run_folder, "--baseline-top1", 50, "--max-drop", "1pt")
    columns = [f"{name}={run_folder}" for name in ("310", "310P", "T4", "A-long-name", "another")]
    ratios = ("--ratio", "310P/310", "--ratio", "310P/T4")
    regcore("compare", *columns, *ratios, "--out", run_folder)
    (run_folder / "profile.json").write_text(json.dumps(_profile(run_folder)))
    result = regcore("report", run_folder)
    assert result.exit_code == 0, result.output
    assert "not in the report" not in result.stderr
    return run_folder / "report.html"


def _profile(folder: Path) -> dict[str, Any]:
    run = json.loads((folder / "run.json").read_text())
    batches = [
        {"batch_size": size, "device_images_per_s": 1e6 * size, "images_per_s": 3e5 * size}
        for size in (1, 4, 16, 64)
    ]
    ceilings = {"storage": 5e8, "preprocess": {"1": 700, "2": 1400}, "device": 900, "post": 3e9}
    return {
        "format": {"name": "regcore profile", "version": 1},
        "model": run["model"],
        "recipe": run["recipe"],
        "sentence": "the host is it",
        "ceilings": ceilings,
        "batches": batches,
    }


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("window", [DESK, PHONE])
def test_the_first_screen(
    page: Browser, report: Path, window: tuple[int, int], *, dark: bool
) -> None:
    page.show(report, *window, dark=dark)
    assert page.evaluate("[innerWidth, innerHeight]") == list(window)
    for selector in ("h1", "#verdict", ".tiles > div", ".tiles .rate", "#bottleneck"):
        assert bottom_of(page, selector) <= window[1], selector
    sentence = page.evaluate("document.querySelector('#bottleneck').innerText")
    assert "bottleneck" in sentence or "at its limit" in sentence
    faint = page.evaluate(FAINT_WORDS)
    assert faint["words"] > 200
    assert faint["found"] == []
    backs = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (backs == "rgb(255, 255, 255)") is not dark


def test_the_timeline_is_on_the_first_screen(page: Browser, report: Path) -> None:
    page.show(report, *DESK)
    assert bottom_of(page, "#summary .timeline") <= DESK[1]


@pytest.mark.parametrize("window", [PHONE, SMALL_PHONE])
def test_a_phone_does_not_scroll_sideways(
    page: Browser, report: Path, window: tuple[int, int]
) -> None:
    page.show(report, *window)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= window[0]
    assert page.evaluate(OVERFLOWING) == []
    hidden = page.evaluate(
        "[...document.querySelectorAll('.wide')].filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert hidden == 0
    smallest = page.evaluate(
        "Math.min(...[...document.querySelectorAll('.timeline th, .timeline td.number, .bars th')]"
        ".map(one => parseFloat(getComputedStyle(one).fontSize)))"
    )
    assert smallest >= 12
    strips = page.evaluate(
        "[...document.querySelectorAll('.timeline svg')].map(one => one.clientWidth)"
    )
    assert min(strips) >= 0.45 * window[0]


def test_long_names_do_not_widen_a_phone(page: Browser, run_folder: Path) -> None:
    path = run_folder / "run.json"
    run = json.loads(path.read_text())
    path.write_text(json.dumps({**run, "model": f"/{'long' * 60}/{'name' * 60}.onnx"}))
    assert regcore("report", run_folder).exit_code == 0
    page.show(run_folder / "report.html", *PHONE)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= PHONE[0]
    assert page.evaluate(OVERFLOWING) == []
    badge = page.evaluate("document.querySelector('.verdict .badge').innerText")
    assert "INCOMPLETE" in badge


def test_every_mistake_has_its_picture_and_both_names(page: Browser, report: Path) -> None:
    page.show(report, *DESK)
    items = page.evaluate(
        "[...document.querySelectorAll('.gallery li')].map(one => [one.querySelector('img')"
        "?.naturalWidth ?? 0, one.querySelector('.wrong b').innerText, "
        "one.querySelector('.right b').innerText, one.querySelector('img')?.alt])"
    )
    assert items
    for width, answer, truth, alt in items:
        assert width > 0
        assert answer != truth
        assert alt == f"{truth}, taken for {answer}"
    assert page.evaluate("document.scripts.length") == 0


def test_a_printed_report_is_dark_on_white(page: Browser, report: Path) -> None:
    page.show(report, *DESK, dark=True)
    page.call(
        "Emulation.setEmulatedMedia",
        media="print",
        features=[{"name": "prefers-color-scheme", "value": "dark"}],
    )
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.evaluate(FAINT_WORDS)["found"] == []
    printed = page.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69)
    assert len(printed["data"]) > 10_000

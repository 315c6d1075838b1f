"""The HTML report: what it shows, what it leaves out and says so, and that a browser likes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from hypothesis import given
from hypothesis import strategies as st
from onnx_models import save_model
from oracles import jpeg, photo_like
from PIL import Image

from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.run_content import RunContent
from regcore.files.json_input import as_form
from regcore.reports.html.charts import ceilings
from regcore.reports.html.contents import Ceilings, TraceContent
from regcore.reports.html.mistakes import Names, class_names, confusion, most_confident
from regcore.reports.html.timeline import covered, timelines

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "<script>alert(1)</script>&'.png"


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A run on 24 photos that are mostly right; one has a hostile name, one is no photo."""
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    photos = tmp_path / "photos"
    photos.mkdir()
    for i in range(23):
        Image.new("RGB", (40, 40), ("red", "lime", "blue")[i % 3]).save(photos / f"{i:02}.png")
    Image.new("RGB", (40, 40), "blue").save(photos / HOSTILE.replace("/", "_"), "PNG")
    (photos / "bad.jpg").write_bytes(b"no photo")
    labels = tmp_path / "labels.txt"
    names = sorted(path.name for path in photos.iterdir())
    classes = [(i + (i % 10 == 3)) % 3 for i in range(len(names))]
    lines = (f"{name} {label}\n" for name, label in zip(names, classes, strict=True))
    labels.write_text("".join(lines))
    out = tmp_path / "run"
    result = regcore(
        *("run", save_model(tmp_path / "m.onnx"), photos, "--labels", labels, "--out", out),
        *("--batch-size", 4, "--trace", out / "trace.json"),
    )
    assert result.exit_code == 3, result.output
    return out


class Page(HTMLParser):
    """Ids of sections, numbers of elements, and everything that would be fetched."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.sections: list[str] = []
        self.elements: dict[str, int] = {}
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements[tag] = self.elements.get(tag, 0) + 1
        values = {name: value or "" for name, value in attrs}
        if tag == "section":
            self.sections.append(values["id"])
        if "id" in values:
            self.ids.append(values["id"])
        for name in ("src", "href", "xlink:href"):
            link = values.get(name, "#")
            if not link.startswith(("#", "data:")):
                self.fetched.append(link)


def test_report_of_a_run_alone(run_folder: Path) -> None:
    (run_folder / "trace.json").unlink()
    result = regcore("report", run_folder)
    assert result.exit_code == 0, result.output
    text = (run_folder / "report.html").read_text()
    page = Page(text)
    assert page.sections == [
        *(
            "accuracy",
            "comparison",
            "throughput",
            "confusion",
            "mistakes",
            "images",
            "environment",
            "absent",
        )
    ]
    assert "INCOMPLETE" in text
    assert "24 of 25 images" in text
    assert "bad.jpg" in text
    for name, command in (("verdict.json", "verdict"), ("trace.json", "run --trace")):
        assert f"there is no {name}; 'regcore {command}" in result.stderr
        assert name in text
    assert "results of one batch size only" in text
    # What is incomplete has no accuracy, but what it can be.
    assert "<title>m.onnx: INCOMPLETE</title>" in text
    assert "of all 25, if the others miss or hit" in text
    run = json.loads((run_folder / "run.json").read_text())
    assert f"{4 * run['hits'][0]:.2f} to {4 * run['hits'][0] + 4:.2f}" in text
    assert "Wilson" not in text


@pytest.mark.slow
def test_report_of_everything(run_folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    other = tmp_path / "other"
    for batch in (1, 2):
        regcore("infer", "simulated:900", "--random", other, "--rounds", 2, "--batch-size", batch)
    compared = regcore("compare", f"ours={run_folder}", f"chip={other}", "--out", run_folder)
    assert compared.exit_code == 3, compared.output
    regcore("verdict", run_folder, "--baseline-top1", 50, "--max-drop", "1pt")
    profile = ("profile", model, tmp_path / "photos", "--seconds", 0.02, "--batch", "1,2")
    profiled = regcore(*profile, "--out", run_folder)
    assert profiled.exit_code == 0, profiled.output
    out = tmp_path / "whole.html"
    result = regcore("report", run_folder, "-o", out)
    assert result.exit_code == 0, result.output
    assert "not in the report" not in result.stderr
    text = out.read_text()
    page = Page(text)
    # Stage loads, rates by batch of the compared and of the profile, ceilings, timeline.
    assert page.elements["svg"] == 5
    for words in ("chip", "bs4 (images/s)", "INCOMPLETE: ", "ours: INCOMPLETE, 24 of 25 images"):
        assert words in text, words
    assert page.elements["img"] > 0
    assert "UNDECIDED" in text
    assert len(text) < 2_000_000
    assert page.fetched == []
    assert not re.search(r"url\((?!#)|@import", text)
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.slow
def test_no_page_of_others_is_replaced(run_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "mine.html"
    page.write_text("<!doctype html><title>mine</title>")
    result = regcore("report", run_folder, "-o", page)
    assert result.exit_code == 2
    assert f"{page}: is there and was not written by this command; --force" in result.stderr
    link = tmp_path / "link.html"
    link.symlink_to(run_folder / "run.json")
    result = regcore("report", run_folder, "-o", link, "--force")
    assert result.exit_code == 2
    assert "would be written over the input" in result.stderr
    assert page.read_text() == "<!doctype html><title>mine</title>"
    assert regcore("report", run_folder, "-o", page, "--force").exit_code == 0
    assert regcore("report", run_folder, "-o", page).exit_code == 0  # its own, from now on


@pytest.mark.slow
def test_what_is_of_another_run_is_left_out(run_folder: Path, tmp_path: Path) -> None:
    regcore("verdict", run_folder, "--baseline-top1", 50, "--max-drop", "1pt")
    (run_folder / "profile.json").write_text('{"format": {"name": "regcore profile"}}')
    trace = json.loads((run_folder / "trace.json").read_text())
    kept = [e for e in trace["traceEvents"] if e.get("args", {}).get("batch") != 2]
    (run_folder / "trace.json").write_text(json.dumps({**trace, "traceEvents": kept}))
    result = regcore("report", run_folder)
    assert "timeline: trace.json is of another run" in result.stderr
    assert "profile.json is of another version, or of another tool" in result.stderr
    assert "verdict" not in result.stderr
    model = tmp_path / "m.onnx"
    regcore("infer", model, "--random", tmp_path / "noise", "--rounds", 2)
    shutil.copy(tmp_path / "noise" / "perf.json", run_folder)
    result = regcore("report", run_folder)
    assert "rates: perf.json is of another run: its identity is " in result.stderr
    labels = tmp_path / "labels.txt"
    regcore("run", model, tmp_path / "photos", "--labels", labels, "--out", run_folder)
    assert not (run_folder / "verdict.json").exists()
    result = regcore("report", run_folder)
    assert "there is no verdict.json" in result.stderr
    assert "rates: " not in result.stderr


def test_names_of_files_are_only_text(run_folder: Path) -> None:
    path = run_folder / "run.json"
    report = json.loads(path.read_text())
    report["model"] = "<img src=x onerror=alert(2)>"
    report["failed"] = [{"path": HOSTILE, "detail": "<b>bold</b>"}]
    path.write_text(json.dumps(report))
    assert regcore("report", run_folder).exit_code == 0
    text = (run_folder / "report.html").read_text()
    assert "script" not in Page(text).elements
    assert "alert(1)" in text
    assert "<b>bold" not in text
    assert "<img src=x" not in text


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    result = regcore("report", tmp_path)
    assert result.exit_code == 3
    assert "'regcore run' writes it" in result.stderr
    result = regcore("report", tmp_path, "-o", tmp_path / "x.pdf")
    assert result.exit_code == 2
    assert "must end in .html" in result.stderr


def test_damaged_parts_are_left_out(run_folder: Path) -> None:
    (run_folder / "perf.json").write_text("{")
    (run_folder / "predictions.csv").write_text("x")
    result = regcore("report", run_folder)
    assert result.exit_code == 0, result.output
    assert "rates: perf.json cannot be read" in result.stderr
    assert "mistakes: " in result.stderr
    page = Page((run_folder / "report.html").read_text())
    assert "mistakes" not in page.sections
    assert "svg" not in page.elements
    assert "end to end" not in (run_folder / "report.html").read_text()


def busy_trace(workers: int, images: int) -> TraceContent:
    """A host that is busy for a second and a half."""
    events: list[dict[str, Any]] = []
    for worker in range(workers):
        row = {"pid": 1, "tid": worker}
        events.append({"name": "thread_name", "ph": "M", **row, "args": {"name": f"w{worker}"}})
        each = 1.5e6 * workers / images
        for image in range(images // workers):
            for number, stage in enumerate(("read", "decode", "resample")):
                start = (image + number / 3) * each
                events.append({"name": stage, "ph": "X", **row, "ts": start, "dur": each / 3})
    return as_form({"traceEvents": events}, TraceContent, "trace")


@pytest.mark.slow
def test_a_timeline_stays_small() -> None:
    pytest.importorskip("matplotlib")
    few, many = (timelines(busy_trace(8, images), 1.5)[0] for images in (800, 20_000))
    assert few["title"] == "the first second"
    assert "w7" in many["svg"]
    assert "decode" in many["svg"]
    assert len(many["svg"]) < 1.2 * len(few["svg"]) + 50_000 < 250_000
    assert len(timelines(busy_trace(1, 10), 0.4)) == 1
    assert len(timelines(busy_trace(1, 10), 2.5)) == 2


SPANS = st.lists(st.tuples(st.floats(-1, 3), st.floats(0, 2)), min_size=1, max_size=20)


@given(SPANS, st.integers(1, 30))
def test_columns_of_a_timeline(spans: list[tuple[float, float]], columns: int) -> None:
    pairs = [(begin, begin + length) for begin, length in spans]
    edges = np.linspace(0, 1, columns + 1)
    slowly = [
        sum(max(0.0, min(end, right) - max(begin, left)) for begin, end in pairs) * columns
        for left, right in pairwise(edges)
    ]
    np.testing.assert_allclose(covered(np.array(pairs), edges), slowly, atol=1e-9)


def predictions() -> TopPredictions:
    classes = np.full((6, 5), -1, np.int64)
    scores = np.full((6, 5), np.nan, np.float32)
    classes[:, :2] = [[0, 1], [1, 0], [1, 0], [2, 1], [2, 0], [-1, -1]]
    scores[:, :2] = [[9, 1], [5, 4], [9, 1], [3, 2], [7, 1], [np.nan, np.nan]]
    return TopPredictions(tuple("abcdef"), np.array([0, 0, 0, 1, 1, 2]), classes, scores)


def test_the_worst_classes() -> None:
    rows = confusion(predictions(), Names(["cat, feline", "dog"]))
    assert [(row["name"], row["missed"], row["images"]) for row in rows] == [
        ("dog", 2, 2),
        ("cat", 2, 3),
    ]
    assert rows[0]["answers"] == ["class 2 (2)"]
    assert rows[1]["answers"] == ["dog (2)"]


def test_the_most_confident_mistakes(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(jpeg(photo_like(600, 400)))
    found = most_confident(predictions(), tmp_path, Names([]))
    assert [one["image"] for one in found] == ["c", "e", "b", "d"]
    assert found[0]["rank"] == "that was number 2"
    assert found[1]["rank"] == "not among the best five"
    assert found[0]["picture"].startswith("data:image/jpeg;base64,")
    assert found[1]["picture"] is None


@pytest.mark.slow
def test_thousand_outputs_are_not_imagenet() -> None:
    pytest.importorskip("torch")
    run = RunContent(
        *("m", "b", "p", "mine (a1)"),
        *(1, True, 1, 1, [0], {"Top1": "0%"}, 1000, 1.0, {}),
    )
    assert class_names(run)(1) == "class 1"
    assert class_names(replace(run, recipe="regnety_016.pycls_in1k (a1)"))(1) == "goldfish"
    shifted = replace(run, recipe="x.tf_in1k (a1)", classes=1001)
    assert class_names(shifted)(0) == "background"
    assert class_names(shifted)(2) == "goldfish"
    assert class_names(replace(shifted, classes=1002))(2) == "class 2"
    assert class_names(replace(run, recipe="x.augreg_in21k (a1)"))(1) == "class 1"


def test_bars_are_as_long_as_their_rates() -> None:
    pytest.importorskip("matplotlib")
    text = ceilings(Ceilings(1000.0, {"1": 250.0}, 500.0, 0.0))
    bars = re.findall(
        r'<path d="M ([\d.]+) [\d.]+\s*L ([\d.]+) [^"]*"[^>]*fill: (?:#3f72af|#2a9d6f)', text
    )
    widths = [float(right) - float(left) for left, right in bars]
    longest = max(widths)
    assert sorted(round(width / longest, 3) for width in widths) == [0.0, 0.25, 0.5, 1.0]


def test_a_folder_whose_name_is_no_text(run_folder: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(run_folder) + b"-\xff"))
    run_folder.rename(odd)
    path = odd / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "root": str(odd)}))
    result = regcore("report", odd)
    assert result.exit_code == 0, result.output
    assert (odd / "report.html").read_bytes().decode("utf-8")


@pytest.mark.slow
def test_a_damaged_record_is_one_line(run_folder: Path) -> None:
    path = run_folder / "run.json"
    report = json.loads(path.read_text())
    for key, value in (
        ("hits", "many"),
        ("hits", [99]),
        ("batch_size", -1),
        ("root", 5),
        ("complete", True),
        ("accuracy", {f"Top{rank}": "12.34%" for rank in range(1, 6)}),
        ("format", {"name": "regcore run", "version": 2}),
        ("preprocessing", {}),
    ):
        path.write_text(json.dumps({**report, key: value}))
        result = regcore("report", run_folder)
        assert result.exit_code == 3, (key, result.output)
        assert result.stderr.startswith(f"regcore: {path}")


def test_predictions_of_another_run_are_left_out(run_folder: Path) -> None:
    path = run_folder / "predictions.csv"
    header, _, *rest = path.read_text().splitlines()
    path.write_text("\n".join([header, *rest]) + "\n")
    result = regcore("report", run_folder)
    assert result.exit_code == 0, result.output
    assert f"mistakes: {path}: is of another run: " in result.stderr
    result = regcore("verdict", run_folder, "--against", run_folder, "--max-drop", "1pt")
    assert result.exit_code == 3
    assert f"regcore: {path}: is of another run: " in result.stderr


@pytest.mark.slow
def test_predictions_are_read_by_their_older_name(run_folder: Path) -> None:
    current, older = run_folder / "predictions.csv", run_folder / "decisions.csv"
    assert regcore("report", run_folder).exit_code == 0
    expected = (run_folder / "report.html").read_text()
    current.rename(older)
    assert regcore("report", run_folder).exit_code == 0
    assert (run_folder / "report.html").read_text() == expected
    current.write_text("x")  # which counts where both are there
    assert "mistakes: " in regcore("report", run_folder).stderr
    assert "its header is another" in regcore("report", run_folder).stderr


def test_foreign_words_in_a_plot(run_folder: Path) -> None:
    profile = {
        "format": {"name": "regcore profile", "version": 1},
        "model": "m",
        "recipe": "r",
        "sentence": "$x",
        "ceilings": {"storage": 1, "preprocess": {"_$\\frac$": 2}, "device": 0, "post": 0},
        "batches": [{"batch_size": 1, "device_images_per_s": 1e14, "images_per_s": 0}],
    }
    (run_folder / "profile.json").write_text(json.dumps(profile))
    result = regcore("report", run_folder)
    assert result.exit_code == 0, result.output


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
@pytest.mark.parametrize("width", [360, 1200])
def test_a_browser_shows_it_without_complaint(run_folder: Path, tmp_path: Path, width: int) -> None:
    assert regcore("report", run_folder).exit_code == 0
    picture = tmp_path / "page.png"
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    command += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    command += ["--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--enable-logging=stderr", f"--window-size={width},2000", "--hide-scrollbars"]
    page = (run_folder / "report.html").as_uri()
    shot = subprocess.run(
        [*command, f"--screenshot={picture}", page],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert ":CONSOLE" not in shot.stderr
    dom = subprocess.run(
        [*command, "--dump-dom", page], capture_output=True, text=True, timeout=120, check=True
    )
    assert ":CONSOLE" not in dom.stderr
    assert Page(dom.stdout).elements["table"] >= 4
    with Image.open(picture) as image:
        colours = image.convert("RGB").resize((60, 100)).getcolors(6000)
    assert colours is not None
    assert len(colours) > 50  # text, bars and pictures, not a blank page


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_phone_does_not_scroll_sideways(run_folder: Path, tmp_path: Path) -> None:
    path = run_folder / "run.json"
    run = json.loads(path.read_text())
    path.write_text(json.dumps({**run, "model": f"/{'long' * 60}/{'name' * 60}.onnx"}))
    columns = [f"{name}={run_folder}" for name in ("310", "310P", "T4", "A-long-name", "another")]
    ratios = ("--ratio", "310P/310", "--ratio", "310P/T4")
    regcore("compare", *columns, *ratios, "--out", run_folder)
    assert regcore("report", run_folder).exit_code == 0
    frame = tmp_path / "frame.html"
    frame.write_text(
        f"""<iframe id=f width=360 src="{(run_folder / "report.html").as_uri()}"></iframe>
        <script>onload = () => {{
          const page = document.getElementById("f").contentDocument;
          const inner = [...page.querySelectorAll(".wide")];
          document.body.dataset.width = page.documentElement.scrollWidth;
          document.body.dataset.hidden =
            inner.filter(e => e.querySelector(".stacked") && e.scrollWidth > e.clientWidth).length;
        }}</script>"""
    )
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    command += ["--no-first-run", "--disable-background-networking", "--disable-component-update"]
    command += ["--disable-sync", f"--user-data-dir={tmp_path / 'profile'}"]
    command += ["--allow-file-access-from-files", "--dump-dom", frame.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    width = re.search(r'data-width="(\d+)"', dom)
    assert width is not None
    assert int(width[1]) <= 360
    assert 'data-hidden="0"' in dom

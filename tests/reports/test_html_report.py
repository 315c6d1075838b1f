"""The HTML report: what it shows, what it leaves out, and that it says so."""

from __future__ import annotations

import json
import os
import re
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from command_line import regcore
from reports.conftest import HOSTILE
from reports.report_page import Page


def test_report_of_a_run_alone(run_folder: Path) -> None:
    (run_folder / "trace.json").unlink()
    result = regcore("report", run_folder)
    assert result.exit_code == 0, result.output
    text = (run_folder / "report.html").read_text()
    page = Page(text)
    assert page.sections == [
        *(
            "accuracy",
            "mistakes",
            "confusion",
            "throughput",
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


def check_structure(page: Page) -> None:
    """What a screen reader goes by."""
    assert page.unclosed == []
    assert page.elements["h1"] == page.elements["main"] == page.elements["header"] == 1
    assert page.headings[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(page.headings))
    assert all(page.tables)
    assert all(page.pictures)


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
    # Two timelines, stage loads, rates by batch of the compared and of the profile, ceilings.
    assert text.count('<table class="timeline">') == 2
    assert text.count('<table class="bars">') == 4
    for words in ("chip", "bs4 (images/s)", "INCOMPLETE: ", "ours: INCOMPLETE, 24 of 25 images"):
        assert words in text, words
    assert page.elements["img"] > 0
    assert "UNDECIDED" in text
    assert len(text) < 2_000_000
    assert page.fetched == []
    assert not re.search(r"url\((?!#)|@import", text)
    assert len(page.ids) == len(set(page.ids))
    assert set(page.links) <= set(page.ids)
    check_structure(page)


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
    assert "timeline of each stage: trace.json is of another run" in result.stderr
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


def test_classes_have_the_names_that_are_given(run_folder: Path, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("<b>ruby</b>\nlime & lemon\nsky\n")
    result = regcore("report", run_folder, "--class-names", names)
    assert result.exit_code == 0, result.output
    text = (run_folder / "report.html").read_text()
    assert "&lt;b&gt;ruby&lt;/b&gt;" in text
    assert "<b>ruby" not in text
    assert "lime &amp; lemon" in text
    names.write_text("one\ntwo\n")
    result = regcore("report", run_folder, "--class-names", names)
    assert result.exit_code == 2
    assert f"{names}: has names of 2 classes, the model has 3" in result.stderr


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

"""regcore.judge_run, compare_rates and write_report: what is made of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from api.colour_set import ColourSet
from api.same_files import timeless
from command_line import regcore

from regcore import UsageError, compare_rates, evaluate_model, judge_run, write_report
from regcore.evaluation.verdict import Outcome


@pytest.fixture
def run(colours: ColourSet, tmp_path: Path) -> Path:
    evaluate_model(colours.model, colours.photos, colours.labels, out=tmp_path / "run")
    return tmp_path / "run"


def test_the_verdict_is_that_of_the_command(run: Path) -> None:
    judged = judge_run(run, baseline_top1=99.9, max_drop=1.0)
    written = (run / "verdict.json").read_bytes()
    result = regcore("verdict", run, "--baseline-top1", "99.9", "--max-drop", "1.0pt", "--json")
    assert result.exit_code == 1, result.output
    assert judged.outcome is Outcome.FAIL
    assert judged.to_dict() == json.loads(result.stdout) == json.loads(written)
    assert judged.path == run / "verdict.json"
    assert judged.path.read_bytes() == written


def test_against_itself_a_run_has_not_changed(run: Path) -> None:
    judged = judge_run(run, against=run, max_drop="50pt")
    assert judged.against is not None
    assert judged.against.change == 0
    assert judged.baseline is None


def test_the_question_contradicts_itself(run: Path) -> None:
    with pytest.raises(UsageError, match="judge by what"):
        judge_run(run, max_drop="1pt")
    with pytest.raises(UsageError, match="is not a margin"):
        judge_run(run, baseline_top1=77.8, max_drop="much")


def test_the_comparison_is_that_of_the_command(run: Path, tmp_path: Path) -> None:
    results = [f"a={run}", f"b={run}"]
    compared = compare_rates(
        results, chips={"a": 4}, ratios=["a/b:2"], metric="end-to-end", out=run
    )
    written = json.loads((run / "comparison.json").read_text())
    result = regcore(
        *("compare", *results, "--chips", "a=4", "--ratio", "a/b:2", "--metric", "end-to-end"),
        *("--out", tmp_path / "out", "--json"),
    )
    assert result.exit_code == 0, result.output
    assert compared.complete
    assert compared.to_dict() == written
    assert timeless(written) == timeless(json.loads(result.stdout))
    assert written["run"] == json.loads((run / "run.json").read_text())["run"]
    with pytest.raises(UsageError, match="--chips c=4: expected NAME=N"):
        compare_rates(results, chips={"c": 4})
    with pytest.raises(UsageError, match="--ratio a: expected A/B"):
        compare_rates(results, ratios=["a"])


@pytest.mark.slow
def test_the_report_names_what_is_not_in_it(run: Path) -> None:
    pytest.importorskip("jinja2")
    written = write_report(run)
    assert written.path == run / "report.html"
    assert "Top1" in written.path.read_text()
    result = regcore("report", run, "-o", run / "again.html")
    assert result.exit_code == 0, result.output
    told = [f"regcore: not in the report: {part.section}: {part.reason}" for part in written.absent]
    assert told == result.stderr.splitlines()[:-1]
    assert told

"""`--metric` from the command to run.json, tables and the report; without it nothing changes."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

from regcore import Preprocessor, Recipe, ranks
from regcore.backends.registry import open_backend
from regcore.evaluation.run_folder import read_run
from regcore.inference.evaluate import evaluate
from regcore.reports.metrics import metrics_dict, value_rows
from regcore.scores.calibration_error import CalibrationError
from regcore.scores.labels import labelled_scores
from regcore.scores.metric import MetricValue

SCALE = 4 * np.eye(3, dtype=np.float32)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve photos in three colours, of which every fourth has the label of another."""
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = []
    for i in range(12):
        Image.new("RGB", (40, 40), ("red", "lime", "blue")[i % 3]).save(folder / f"{i:02}.png")
        lines.append(f"{i:02}.png {(i + (i % 4 == 3)) % 3}\n")
    (tmp_path / "labels.txt").write_text("".join(lines))
    return folder


def run(photos: Path, model: Path, *options: object) -> Any:
    labels, out = photos.parent / "labels.txt", photos.parent / "run"
    result = regcore("run", model, photos, "--labels", labels, "--out", out, *options)
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.slow
def test_run_score_and_report_have_the_same_number(tmp_path: Path, photos: Path) -> None:
    model = save_model(tmp_path / "m.onnx", weights=SCALE)
    found = json.loads(run(photos, model, "--metric", "ece", "--json").stdout)
    assert list(found["metrics"]) == ["ece"]
    error = found["metrics"]["ece"]["error"]
    assert error["unit"] == "%"
    assert 0 < error["value"] < 100
    written = json.loads((tmp_path / "run" / "run.json").read_text())
    assert written["metrics"] == found["metrics"]
    assert read_run(tmp_path / "run").content.metrics["ece"]["error"].value == error["value"]
    shown = run(photos, model, "--metric", "ece", "--batch-size", 5).stdout
    assert f"{error['value']:.3f} %" in shown
    assert "ece: without confidence" not in shown

    inferred = regcore("infer", model, photos, tmp_path / "scores")
    assert inferred.exit_code == 0, inferred.output
    scored = (tmp_path / "scores" / "dumpOutput_device0", tmp_path / "labels.txt", tmp_path)
    asked = ("score", *scored, "r.json", "--force", "--metric", "ece")
    other = json.loads(regcore(*asked, "--json").stdout)
    # The files are text with a few digits.
    assert other["metrics"]["ece"]["error"]["value"] == pytest.approx(error["value"], abs=1e-3)
    assert "ece: error" in regcore(*asked).stdout

    pytest.importorskip("jinja2")
    assert regcore("report", tmp_path / "run").exit_code == 0
    page = (tmp_path / "run" / "report.html").read_text()
    row = f'<th scope="row">ece: error</th><td class="number">{error["value"]:.3f} %</td>'
    assert row in page


def test_without_the_option_there_is_no_key(tmp_path: Path, photos: Path) -> None:
    model = save_model(tmp_path / "m.onnx")
    run(photos, model, "--metric", "topn")  # which always is
    assert "metrics" not in json.loads((tmp_path / "run" / "run.json").read_text())
    assert regcore("run", model, photos, "--metric", "mcc").exit_code == 2


def test_several_metrics_of_probabilities(tmp_path: Path, photos: Path) -> None:
    model = save_model(tmp_path / "m.onnx", weights=SCALE)
    labels = ("--labels", tmp_path / "labels.txt", "--out", tmp_path / "run")
    both = ("--metric", "ece-probabilities", "--metric", "ece")
    refused = regcore("run", model, photos, *labels, *both)
    assert refused.exit_code == 2
    assert "is no probability" in refused.stderr


@pytest.mark.parametrize("batch_size", [1, 5, 100])
def test_metrics_of_ones_own_are_counted(tmp_path: Path, photos: Path, batch_size: int) -> None:
    paths = sorted(photos.iterdir())
    labels = np.arange(len(paths)) % 3
    own = CalibrationError(bins=4)
    with open_backend(save_model(tmp_path / "m.onnx", size=16, weights=SCALE)) as backend:
        found = evaluate(
            Preprocessor(Recipe(resize=16, crop=16)),
            backend,
            paths,
            labels,
            batch_size=batch_size,
            metrics=(own, "ece"),
        )
    assert found.metrics == (own,)  # the first of a name
    assert own.count == found.topn.count == 12
    assert own.error is not None
    assert own.mean_confidence == pytest.approx(1 - own.error)  # all are right


class MeanReciprocalRank:
    """A metric as anybody may bring it."""

    name = "mrr"

    def __init__(self) -> None:
        self.background = False
        self.counts: Counter[int] = Counter()

    def update(self, scores: Any, labels: Any) -> None:
        scores, expected = labelled_scores(scores, labels, background=self.background)
        self.counts.update(ranks(scores, expected).tolist())

    def merge(self, other: MeanReciprocalRank) -> None:
        self.counts.update(other.counts)

    def result(self) -> dict[str, MetricValue]:
        images = self.counts.total()
        reciprocal = math.fsum(count / (rank + 1) for rank, count in self.counts.items())
        return {"mrr": MetricValue(reciprocal / images if images else None, "")}


def test_a_metric_that_regcore_does_not_know(tmp_path: Path, photos: Path) -> None:
    paths = sorted(photos.iterdir())
    labels = np.array([(i + (i % 4 == 3)) % 3 for i in range(12)])
    metric = MeanReciprocalRank()
    with open_backend(save_model(tmp_path / "m.onnx", size=16)) as backend:
        preprocessor = Preprocessor(Recipe(resize=16, crop=16))
        found = evaluate(preprocessor, backend, paths, labels, batch_size=5, metrics=(metric,))
    hits = np.diff(found.topn.hits, prepend=0)
    expected = (hits / np.arange(1, 4)).sum() / 12
    value = metrics_dict(found.metrics)["metrics"]["mrr"]["mrr"]
    assert value == {"value": pytest.approx(expected), "unit": ""}
    assert 0.75 < expected < 1


def test_numbers_as_people_read_them() -> None:
    values = {
        "share": MetricValue(1 / 3, "%"),
        "of_none": MetricValue(None, "%"),
        "seen": MetricValue(7, "images"),
        "unseen": MetricValue(0, "images"),
        "bits": MetricValue(1 / 3, "bit"),
        "bare": MetricValue(0.25, ""),
    }
    assert value_rows({"m": values}) == {
        "m: share": "0.333 %",
        "m: of none": "no images",
        "m: seen": "7 images",
        "m: bits": "0.333333 bit",
        "m: bare": "0.25",
    }

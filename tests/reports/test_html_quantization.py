"""Quantised models in a report, and runs of several precisions side by side."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

from regcore import (
    UsageError,
    calibrate_model,
    compare_layers,
    compare_rates,
    evaluate_model,
    quantize_model,
    write_report,
)

pytest.importorskip("onnxruntime")
pytest.importorskip("onnx")
pytest.importorskip("jinja2")


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder with the runs `float` and `int8`, photos, labels and models."""
    (tmp_path / "photos").mkdir()
    lines = []
    for number in range(12):
        colour = [40, 40, 40]
        colour[number % 3] = 120 + 10 * number
        Image.new("RGB", (30, 30), tuple(colour)).save(tmp_path / "photos" / f"{number}.png")
        lines.append(f"{number}.png {number % 3}\n")
    (tmp_path / "labels.txt").write_text("".join(lines))
    model = save_model(tmp_path / "model.onnx")
    calibrate_model(model, tmp_path / "photos", tmp_path / "calibration", count=4)
    int8 = quantize_model(model, tmp_path / "calibration").path
    for name, file in (("float", model), ("int8", int8)):
        evaluate_model(file, tmp_path / "photos", tmp_path / "labels.txt", out=tmp_path / name)
    return tmp_path


def report(run: Path) -> str:
    write_report(run)
    return (run / "report.html").read_text()


def test_the_page_says_how_the_model_was_quantised(runs: Path) -> None:
    page = report(runs / "int8")
    head = page[page.index("<header") : page.index("</header>")]
    assert "int8, calibrated with 4 images" in head
    assert "! SEEN" in head
    assert "4 of the 12 images are among those that the model was calibrated with" in head
    section = page[page.index('<section id="quantization">') :]
    identity = json.loads((runs / "calibration" / "calibration.json").read_text())["identity"]
    assert f"{identity}, 4 images, 4 of them evaluated here" in section
    assert "ONNX Runtime" in section
    assert "Signal to noise" not in section
    record = json.loads((runs / "int8" / "run.json").read_text())
    assert record["model_bytes"] == (runs / "model.int8.onnx").stat().st_size
    assert f"{record['model_bytes'] / 1e6:.1f} MB" in section


def test_a_float_model_has_no_such_section(runs: Path) -> None:
    page = report(runs / "float")
    assert "Quantisation" not in page
    assert "SEEN" not in page


def test_the_layers_are_drawn(runs: Path) -> None:
    form = compare_layers(
        runs / "model.int8.onnx",
        runs / "calibration",
        against=runs / "model.onnx",
        out=runs / "int8",
    ).form
    page = report(runs / "int8")
    assert f"{len(form.layers)} layers of model.int8.onnx beside model.onnx on 4 images" in page
    assert f'aria-label="Signal to noise of {len(form.layers)} layers' in page
    (runs / "float" / "layers.json").write_bytes((runs / "int8" / "layers.json").read_bytes())
    told = regcore("report", runs / "float")
    assert "is of another model than the run's" in told.stderr
    assert "Signal to noise" not in (runs / "float" / "report.html").read_text()


def right(run: Path) -> set[str]:
    """The images of a run whose best class is their label."""
    with (run / "predictions.csv").open(newline="") as file:
        return {row["image"] for row in csv.DictReader(file) if row["class1"] == row["label"]}


def test_precisions_side_by_side(runs: Path) -> None:
    told: list[str] = []
    compared = compare_rates(
        [f"float32={runs / 'float'}", f"int8={runs / 'int8'}"],
        against="float32",
        max_drop="1pt",
        out=runs / "int8",
        log=told.append,
    )
    assert any("4 of the 12 images are among those" in line for line in told)
    own, int8 = compared.comparison.ports
    assert (own.outcome, own.change, own.lost) == (None, 0, 0)
    assert int8.bytes == (runs / "model.int8.onnx").stat().st_size
    before, after = right(runs / "float"), right(runs / "int8")
    assert (int8.lost, int8.won) == (len(before - after), len(after - before))
    assert int8.change == pytest.approx(100 * (len(after) - len(before)) / 12)
    rows = {row[0]: row[1:] for row in compared.to_dict()["table"]}
    assert rows["lost, won"] == ["", f"{int8.lost}, {int8.won}"]
    assert rows["size (MB)"][1] == f"{(int8.bytes or 0) / 1e6:.1f}"
    assert "change interval (pt)" in report(runs / "int8")


def test_the_classes_that_lost_most(runs: Path) -> None:
    path = runs / "int8" / "predictions.csv"
    lines = path.read_text().splitlines()
    record = json.loads((runs / "int8" / "run.json").read_text())
    assert record["hits"][0] == len(lines) - 1  # all are right, so that those below are lost
    columns = lines[0].split(",")
    label, first, second = (columns.index(name) for name in ("label", "class1", "class2"))
    for at, line in enumerate(lines[1:], 1):
        cells = line.split(",")
        if cells[label] == "2" or cells[0] == "1.png":
            cells[first], cells[second] = cells[second], cells[first]
            lines[at] = ",".join(cells)
    path.write_text("\n".join(lines) + "\n")
    record["hits"][0] -= 5
    images = record["images"]
    record["accuracy"]["Top1"] = f"{100 * record['hits'][0] / images:.2f}%"
    (runs / "int8" / "run.json").write_text(json.dumps(record))
    compared = compare_rates(
        [f"a={runs / 'float'}", f"b={runs / 'int8'}"], against="a", max_drop="1pt"
    )
    port = compared.comparison.ports[1]
    assert (port.lost, port.won) == (5, 0)
    assert port.change == pytest.approx(-100 * 5 / 12)
    worst = port.worst_classes
    assert [(one.label, one.lost, one.won) for one in worst] == [(2, 4, 0), (1, 1, 0)]
    told = regcore(
        *("compare", f"a={runs / 'float'}", f"b={runs / 'int8'}"),
        *("--against", "a", "--max-drop", "1pt", "--format", "csv"),
    )
    assert 'worst classes,,"2: 4 lost, 1: 1 lost"' in told.stdout


def test_what_is_refused(runs: Path) -> None:
    with pytest.raises(UsageError, match="belong together"):
        compare_rates([str(runs / "int8")], against="int8")
    with pytest.raises(UsageError, match="--against b: no column of that name"):
        compare_rates([f"a={runs / 'int8'}"], against="b", max_drop="1pt")

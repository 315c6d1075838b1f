"""The table of predictions: what it says, and that other tools open it."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_model
from PIL import Image

import regcore as package
from regcore import DatasetError, UsageError, tabulate_predictions
from regcore.evaluation.prediction_table import PREDICTION_TABLE
from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.run_folder import write_run

#: By name, with the label, the five best classes, and their scores.
ROWS: tuple[tuple[str, int, list[int], list[float]], ...] = (
    ("a/good.jpg", 3, [3, 1, 2, 0, 4], [9.5, 1.25, 1, 0, -3]),
    ("=third,'\u9b5a\".jpg", 2, [3, 1, 2, 0, 4], [7, 6.875, 1, 0, -3]),
    ("wrong.jpg", 7, [3, 1, 2, 0, 4], [float("inf"), float("inf"), 1, 0, -3]),
    ("failed.jpg", 1, [-1] * 5, [np.nan] * 5),
    ("nan.jpg", 1, [-2] * 5, [np.nan] * 5),
    ("one\udcff.jpg", 1, [1, -2, -2, -2, -2], [0.5] + [np.nan] * 4),
)
NAMES = [f"class {i}" for i in range(8)]


def make_run(folder: Path) -> Path:
    """The folder of a run with these predictions."""
    folder.mkdir()
    photos = folder.parent / "p.png"
    Image.new("RGB", (30, 30), "red").save(photos)
    (folder.parent / "labels.txt").write_text("p.png 0\n")
    model = save_model(folder.parent / "m.onnx", weights=np.eye(3, 8))
    labels = folder.parent / "labels.txt"
    result = regcore("run", model, photos, "--labels", labels, "--out", folder)
    assert result.exit_code == 0, result.output
    content = json.loads((folder / "run.json").read_text())
    content |= {
        "images": 5, "expected_images": 6, "complete": False, "hits": [2, 2, 3, 3, 3],
        "accuracy": {"Top1": "40.00%", "Top2": "40.00%", "Top3": "60.00%", "Top4": "60.00%",
                     "Top5": "60.00%"}, "root": "/photos",
    }  # fmt: skip
    for key in ("accuracy_percent", "interval"):
        del content[key]
    names, found, classes, scores = zip(*ROWS, strict=True)
    predictions = TopPredictions(
        names, np.array(found), np.array(classes), np.array(scores, np.float32)
    )
    write_run(folder, content, predictions)
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "run")


EXPECTED = {
    "label": [3, 2, 7, 1, 1, 1],
    "rank": [1, 3, None, None, None, 1],
    "evaluated": [True, True, True, False, True, True],
    "class1": [3, 3, 3, None, None, 1],
    "score2": [1.25, 6.875, np.inf, None, None, None],
    "margin": [8.25, 0.125, None, None, None, None],
    "label_name": [f"class {i}" for i in (3, 2, 7, 1, 1, 1)],
    "class1_name": ["class 3", "class 3", "class 3", None, None, "class 1"],
}


def test_columns(run: Path) -> None:
    table = tabulate_predictions(run, class_names=NAMES)
    assert len(table) == len(ROWS)
    for name, expected in EXPECTED.items():
        assert table.columns[name].tolist() == expected
    assert table.columns["path"][0] == "/photos/a/good.jpg"
    assert table.columns["name"][-1] == "one\\udcff.jpg"
    assert table.about["recipe"].startswith("regnety_016 (")
    assert "label_name" not in tabulate_predictions(run).columns


def test_pandas_duckdb_and_pyarrow_open_the_parquet_file(run: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "names.json").write_text(json.dumps(NAMES))
    result = regcore("predictions", run, "--class-names", tmp_path / "names.json")
    assert (result.exit_code, result.stderr) == (0, f"regcore: wrote {run / PREDICTION_TABLE}\n")
    opened = parquet.read_table(run / PREDICTION_TABLE)
    assert opened.num_rows == len(ROWS)
    types = {field.name: str(field.type) for field in opened.schema}
    assert types["name"] == types["label_name"] == "string"
    assert (types["label"], types["rank"], types["evaluated"]) == ("int64", "int64", "bool")
    assert (types["class5"], types["score5"], types["margin"]) == ("int64", "float", "float")
    for name, expected in EXPECTED.items():
        assert opened[name].to_pylist() == expected

    pandas = pytest.importorskip("pandas")
    frame = pandas.read_parquet(run / PREDICTION_TABLE)
    assert (frame["rank"] == 1).sum() == 2
    assert frame.loc[frame["margin"].idxmin(), "path"] == f"/photos/{ROWS[1][0]}"
    assert tabulate_predictions(run).to_arrow().to_pandas()["rank"].equals(frame["rank"])

    duckdb = pytest.importorskip("duckdb")
    counted = duckdb.sql(
        f"SELECT count(*) FILTER (rank = 1), count(*) FILTER (rank <= 5), count(*) "  # noqa: S608
        f"FROM '{run / PREDICTION_TABLE}' WHERE evaluated"
    )
    assert counted.fetchall() == [(2, 3, 5)]


def test_csv_has_the_same(run: Path, tmp_path: Path) -> None:
    told = regcore("predictions", run, "--format", "csv")
    assert told.exit_code == 0, told.output
    rows = list(csv.DictReader(io.StringIO(told.stdout)))
    assert [row["rank"] for row in rows] == ["1", "3", "", "", "", "1"]
    assert [row["evaluated"] for row in rows] == ["true"] * 3 + ["false"] + ["true"] * 2
    assert rows[1]["name"] == f"'{ROWS[1][0]}"
    assert [row["score2"] for row in rows] == ["1.25", "6.875", "inf", "", "", ""]
    out = tmp_path / "table.csv"
    for _ in range(2):  # its own is replaced
        assert regcore("predictions", run, "--out", out).exit_code == 0
    assert out.read_text() == told.stdout
    pandas = pytest.importorskip("pandas")
    frame = pandas.read_csv(out)
    assert frame["evaluated"].dtype == bool
    assert frame["rank"].tolist()[:2] == [1.0, 3.0]


def test_nothing_of_others_is_replaced(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    own = tmp_path / "own.parquet"
    own.write_bytes(b"PAR1 somebody's PAR1")
    refused = regcore("predictions", run, "--out", own)
    assert refused.exit_code == 2
    assert "was not written by this command" in refused.stderr
    assert regcore("predictions", run, "--out", own, "--force").exit_code == 0
    assert regcore("predictions", run, "--out", own).exit_code == 0
    for name in ("predictions.csv", "run.json"):
        form = "csv" if name.endswith(".csv") else "parquet"
        refused = regcore("predictions", run, "--format", form, "--out", run / name, "--force")
        assert refused.exit_code == 2
        assert "would be written over the input" in refused.stderr
    with pytest.raises(UsageError, match="class_names: has names of 7 classes, the model has 8"):
        tabulate_predictions(run, class_names=NAMES[1:])
    with pytest.raises(DatasetError, match=r"run\.json: there is no such file"):
        tabulate_predictions(tmp_path)


@pytest.mark.parametrize(
    ("out", "form", "said"),
    [
        ("x.xlsx", None, "x.xlsx: the name of the table must end in .parquet or .csv, or --format"),
        ("table", None, "table: the name of the table must end in .parquet or .csv"),
        ("x.csv", "parquet", "x.csv: is the name of a .csv file, and not of parquet"),
        ("x.PARQUET", "csv", "x.PARQUET: is the name of a .parquet file, and not of csv"),
    ],
)
def test_the_name_says_what_it_is(
    run: Path, tmp_path: Path, out: str, form: str | None, said: str
) -> None:
    asked = ("--format", form) if form else ()
    refused = regcore("predictions", run, "--out", tmp_path / out, *asked)
    assert refused.exit_code == 2
    assert said in refused.stderr
    with pytest.raises(UsageError, match=re.escape(said)):
        package.export_predictions(run, tmp_path / out, table_format=form)
    assert not (tmp_path / out).exists()
    with pytest.raises(UsageError, match="table_format is one of parquet, csv, not 'xlsx'"):
        package.export_predictions(run, tmp_path / "x.xlsx", table_format="xlsx")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="is there already; name another file for --out"):
        package.export_predictions(run, table_format="csv")
    assert regcore("predictions", run, "--out", tmp_path / "x", "--format", "csv").exit_code == 0
    assert (tmp_path / "x").read_text().startswith("name,path,")


def test_a_new_run_removes_the_table_of_the_last(run: Path) -> None:
    pytest.importorskip("pyarrow")
    base = run.parent
    again: tuple[Any, ...] = ("run", base / "m.onnx", base / "p.png", "--out", run)
    again = (*again, "--labels", base / "labels.txt")
    path = package.export_predictions(run)
    assert regcore(*again).exit_code == 0
    assert not path.exists()
    path.write_bytes(b"PAR1 somebody's PAR1")
    refused = regcore(*again)
    assert refused.exit_code == 2
    assert "was not written by this command" in refused.stderr


def test_without_pyarrow(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    result = regcore("predictions", run)
    assert result.exit_code == 4
    assert "pip install 'regcore[arrow]'" in result.stderr
    assert regcore("predictions", run, "--format", "csv").exit_code == 0

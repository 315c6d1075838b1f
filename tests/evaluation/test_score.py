"""regcore score: the guide's file byte for byte, and what is said of sets that do not fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from guide_score import read_raw, read_text, result_json
from numpy.typing import NDArray

from regcore import DatasetError
from regcore.cli import cli
from regcore.evaluation.score import read_image_labels, score
from regcore.evaluation.score_files.source import open_scores
from regcore.reports.score import class_accuracies, confusion
from regcore.reports.score_form import ClassAccuracy, WrongAnswer
from regcore.scores.topk import NO_PREDICTION


def regcore_score(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["score", *map(str, arguments)])


def image(number: int) -> str:
    return f"ILSVRC2012_val_{number + 1:08d}"


def label_file(path: Path, labels: Any) -> Path:
    path.write_text("".join(f"{image(i)}.JPEG {label}\n" for i, label in enumerate(labels)))
    return path


def model_scores(images: int, classes: int, seed: int = 0) -> tuple[Any, NDArray[np.float32]]:
    """Labels, and scores that are often right; no two of the best that are equal as text."""
    rng = np.random.default_rng(seed)
    first = 1 if classes == 1001 else 0
    labels = rng.integers(0, classes - first, images)
    scores = rng.normal(size=(images, classes))
    scores[np.arange(images), labels + first] += rng.normal(2.5, 2, images)
    scores = scores.round(6).astype(np.float32)
    best = np.sort(scores, axis=1)[:, -6:]
    assert (np.diff(best) > 0).all()
    return labels, scores


def write_all(folder: Path, scores: Any, ending: str, first: int = 0) -> Path:
    folder.mkdir(exist_ok=True)
    for i, row in enumerate(scores, start=first):
        if ending == ".txt":
            text = " ".join(f"{value:f}" for value in row) + " \n"
            (folder / f"{image(i)}_1.txt").write_text(text)
        else:
            row.tofile(folder / f"{image(i)}_1.bin")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize(("classes", "images"), [(1000, 1000), (1001, 100), (3, 80), (10, 801)])
def test_the_guides_file_byte_for_byte(tmp_path: Path, classes: int, images: int) -> None:
    labels, scores = model_scores(images, classes)
    truth = label_file(tmp_path / "val_label.txt", labels)
    texts = write_all(tmp_path / "texts", scores, ".txt")
    raw = write_all(tmp_path / "raw", scores, ".bin")
    expected = result_json(texts, truth, read_text)
    assert result_json(raw, truth, read_raw) == expected
    np.save(tmp_path / "packed.npy", scores)
    (tmp_path / "packed.names.txt").write_text(truth.read_text())
    for source in (texts, raw, tmp_path / "packed.npy"):
        for workers in (1, 3):
            result = regcore_score(source, truth, tmp_path, "result.json", "--workers", workers)
            assert result.exit_code == 0, result.output
            assert (tmp_path / "result.json").read_bytes() == expected.encode()
    top1 = json.loads(expected)["value"][2]["value"]
    assert f"Top1 accuracy   {top1}" in result.stdout
    assert f"{images} images" in result.stdout
    told = result.stderr.splitlines()
    assert told[-1] == f"regcore: wrote {tmp_path / 'result.json'}"
    assert [line.split(":")[1] for line in told[:-1]] == [" 1001 classes"] * (classes == 1001)


def test_rounding_is_numpys(tmp_path: Path) -> None:
    scores = np.zeros((8000, 2), np.float32)
    scores[:14, 1] = 1
    np.save(tmp_path / "s.npy", scores)
    truth = label_file(tmp_path / "val_label.txt", [0] * 8000)
    result = regcore_score(tmp_path / "s.npy", truth, tmp_path, "r.json", "--names", truth)
    assert result.exit_code == 0, result.output
    assert '"99.82%"' in (tmp_path / "r.json").read_text()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten images of four classes: the first choice is right for 0, 1, 4, 5, 8, 9."""
    scores = np.array([[4, 3, 2, 1], [1, 4, 3, 2], [4, 3, 2, 1], [3, 4, 2, 1]] * 3, np.float32)
    label_file(tmp_path / "val_label.txt", [0, 1, 2, 3, 0, 1, 2, 3, 0, 1])
    return write_all(tmp_path / "predictions", scores[:10], ".txt")


def run(folder: Path, *options: object) -> Result:
    return regcore_score(folder, folder.parent / "val_label.txt", folder.parent, "r.json", *options)


def test_class_by_class(folder: Path) -> None:
    answer = json.loads(run(folder, "--json").stdout)
    assert answer["complete"] is True
    assert answer["hits"] == [6, 6, 8, 10]
    assert answer["accuracy"]["Top1"] == "60.0%"
    assert answer["per_class"] == [
        {"label": 0, "images": 3, "hits": 3, "accuracy": "100.0%"},
        {"label": 1, "images": 3, "hits": 3, "accuracy": "100.0%"},
        {"label": 2, "images": 2, "hits": 0, "accuracy": "0.0%"},
        {"label": 3, "images": 2, "hits": 0, "accuracy": "0.0%"},
    ]
    worst = {"images": 2, "hits": 0, "accuracy": "0.0%"}
    assert answer["confusion"] == [
        {"label": 2, **worst, "confused_with": [{"label": 0, "images": 2}]},
        {"label": 3, **worst, "confused_with": [{"label": 1, "images": 2}]},
    ]
    assert len(json.loads(run(folder, "--json", "--worst", 1).stdout)["confusion"]) == 1


def test_answers_are_numbered_as_labels(tmp_path: Path) -> None:
    scores = np.zeros((4, 1001), np.float32)
    scores[0, 8] = 1
    scores[1, 0] = 1  # the background
    scores[2] = np.nan
    scores[3, 7] = 1
    np.save(tmp_path / "s.npy", scores)
    truth = label_file(tmp_path / "s.names.txt", [7, 7, 7, 7])
    labels = read_image_labels(truth)
    found = score(open_scores(tmp_path / "s.npy", tuple(labels)), labels)
    assert found.predicted.tolist() == [7, -1, NO_PREDICTION, 6]
    assert class_accuracies(found) == [ClassAccuracy(label=7, images=4, hits=1, accuracy="25.0%")]
    assert confusion(found, 1)[0].confused_with == [
        WrongAnswer(label=None, images=1),
        WrongAnswer(label=-1, images=1),
        WrongAnswer(label=6, images=1),
    ]


def assert_interval(result: Result, folder: Path, least: str, greatest: str) -> dict[str, Any]:
    """Only an interval is printed, there is no whole result, and the exit code says so."""
    assert result.exit_code == 3, result.output
    assert f"Top1 accuracy   between {least} and {greatest}\n" in result.stdout
    assert "60.0%" not in result.stdout.replace(f"between {least} and {greatest}", "")
    assert "INCOMPLETE" in result.stdout
    assert not (folder.parent / "r.json").exists()
    incomplete = json.loads((folder.parent / "r.incomplete.json").read_text())["incomplete"]
    assert incomplete["accuracy_interval"]["Top1"] == [least, greatest]
    answer = json.loads(run(folder, "--json").stdout)
    assert answer["complete"] is False
    assert "accuracy" not in answer
    assert "hits" not in answer
    assert answer["result"] == str(folder.parent / "r.incomplete.json")
    return dict(incomplete)


def test_a_missing_prediction(folder: Path) -> None:
    (folder.parent / "r.json").write_text(
        '{"title": "Overall statistical evaluation", "value": []}'
    )
    (folder / f"{image(1)}_1.txt").unlink()
    result = run(folder)
    incomplete = assert_interval(result, folder, "50.0%", "60.0%")
    assert incomplete["missing"] == [image(1)]
    assert f"{image(1)}: no scores of this image" in result.stderr
    assert "INCOMPLETE: 9 of 10 images" in result.stderr


def test_a_surplus_prediction(folder: Path) -> None:
    write_all(folder, np.ones((1, 4), np.float32), ".txt", first=10)
    result = run(folder)
    incomplete = assert_interval(result, folder, "60.0%", "60.0%")
    path = folder / f"{image(10)}_1.txt"
    assert incomplete["surplus"] == [str(path)]
    assert f"{path}: no label for these scores" in result.stderr
    assert "10 of 10 images, 1 surplus prediction" in result.stdout


@pytest.mark.parametrize("content", ["", "1 2 3", "1 2 3 4 5", "1 2 x 4"])
def test_a_broken_prediction(folder: Path, content: str) -> None:
    path = folder / f"{image(2)}_1.txt"
    path.write_text(content)
    result = run(folder)
    incomplete = assert_interval(result, folder, "60.0%", "70.0%")
    assert [failed["path"] for failed in incomplete["failed"]] == [str(path)]
    assert f"{path}: " in result.stderr


def test_two_files_of_an_image(folder: Path) -> None:
    np.ones(4, np.float32).tofile(folder / f"{image(0)}_1.bin")
    result = run(folder)
    assert_interval(result, folder, "50.0%", "60.0%")
    assert f"{folder / image(0)}_1.bin: the image {image(0)} has other files" in result.stderr


def test_no_prediction_is_readable_but_one_tells_the_classes(folder: Path) -> None:
    for path in folder.iterdir():
        path.write_text("1 2 3 x")
    result = run(folder)
    assert_interval(result, folder, "0.0%", "100.0%")
    assert "... and 0 more" not in result.stderr
    assert result.stderr.count("value 4, at column 7") == 10


def test_stray_files_are_named_and_left_out(folder: Path) -> None:
    (folder / "summary.json").touch()
    path = folder / f"{image(0)}_1.txt"
    path.write_text(path.read_text() + "and more\n")
    result = run(folder)
    assert result.exit_code == 0
    assert f"{folder}/summary.json: left out" in result.stderr
    assert "1 file goes on after the first line" in result.stderr
    answer = json.loads(run(folder, "--json").stdout)
    assert (answer["stray"], answer["first_line_only"]) == ([f"{folder}/summary.json"], 1)


@pytest.mark.parametrize(
    ("ties", "top1"),
    [("lowest", "20.0%"), ("highest", "30.0%"), ("optimistic", "60.0%"), ("pessimistic", "10.0%")],
)
def test_the_rule_for_ties(folder: Path, ties: str, top1: str) -> None:
    scores = np.array([[0, 1, 1, 1]] * 10, np.float32)
    scores[5, 2:] = 0
    scores[9, 1] = np.nan
    write_all(folder, scores, ".txt")
    result = run(folder, "--ties", ties)
    assert result.exit_code == 0
    assert f"Top1 accuracy   {top1}\n" in result.stdout
    assert f"5 images have equal scores that matter; --ties {ties}" in result.stderr
    assert "1 image has scores that are NaN; a label whose own score is NaN is" in result.stderr
    answer = json.loads(run(folder, "--ties", ties, "--json").stdout)
    assert (answer["ties"], answer["tied_images"], answer["nan_images"]) == (ties, 5, 1)


def test_at_most_ten_are_named(tmp_path: Path) -> None:
    label_file(tmp_path / "val_label.txt", [0] * 50)
    folder = write_all(tmp_path / "p", np.ones((20, 4), np.float32), ".txt")
    result = run(folder)
    assert result.exit_code == 3
    assert result.stderr.count("no scores of this image") == 10
    assert "... and 20 more" in result.stderr
    incomplete = json.loads((tmp_path / "r.incomplete.json").read_text())["incomplete"]
    assert len(incomplete["missing"]) == 30


def test_a_subset(folder: Path) -> None:
    subset = folder.parent / "subset"
    subset.write_text(f"{image(0)}.JPEG\n{image(2)}\n")
    result = run(folder, "--subset", subset)
    assert result.exit_code == 3
    assert "2 of 2 images, 8 surplus predictions" in result.stdout
    for i in (1, *range(3, 10)):
        (folder / f"{image(i)}_1.txt").unlink()
    result = run(folder, "--subset", subset)
    assert result.exit_code == 0, result.output
    assert "Top1 accuracy   50.0%" in result.stdout
    subset.write_text("elsewhere\nnowhere\n")
    result = run(folder, "--subset", subset)
    assert result.exit_code == 3
    assert f"{subset}: 2 images have no label, the first is elsewhere" in result.stderr


def test_one_of_several_outputs(folder: Path) -> None:
    for i in range(10):
        (folder / f"{image(i)}_2.txt").write_text("0 0 0 0 1")
    assert run(folder).exit_code == 3
    assert run(folder, "--output", 1).exit_code == 0


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (
            lambda folder: label_file(folder.parent / "val_label.txt", [4]),
            3,
            "label 4 does not fit",
        ),
        (lambda folder: (folder.parent / "val_label.txt").write_text("a b"), 3, "line 1: 'a b'"),
        (lambda folder: (folder.parent / "val_label.txt").unlink(), 2, "val_label.txt"),
        (lambda folder: folder.rename(folder.parent / "x"), 2, "predictions"),
        (lambda folder: [path.unlink() for path in folder.iterdir()], 3, "no predictions there"),
        (lambda folder: (folder.parent / "r.json").mkdir(), 4, "r.json"),
    ],
)
def test_refusals(folder: Path, spoil: Any, code: int, words: str) -> None:
    spoil(folder)
    result = run(folder)
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", ["a/b.json", "..", "."])
def test_the_name_is_one_file_in_the_folder(folder: Path, name: str) -> None:
    result = regcore_score(folder, folder.parent / "val_label.txt", folder.parent, name)
    assert result.exit_code == 2
    assert "NAME.json" in result.stderr


def test_options_of_the_other_form(folder: Path) -> None:
    assert run(folder, "--names", folder.parent / "val_label.txt").exit_code == 2
    np.save(folder.parent / "s.npy", np.ones((10, 4), np.float32))
    truth = folder.parent / "val_label.txt"
    command = (folder.parent / "s.npy", truth, folder.parent, "r.json", "--names", truth)
    assert regcore_score(*command, "--output", 1).exit_code == 2
    assert regcore_score(*command).exit_code == 0


def test_labels_of_two_folders_with_one_name(tmp_path: Path) -> None:
    (tmp_path / "l").write_text("x/1.JPEG 3\ny/1.JPEG 3\n")
    with pytest.raises(DatasetError, match=r"cannot tell x/1\.JPEG and y/1\.JPEG apart"):
        read_image_labels(tmp_path / "l")


def test_help_teaches_with_an_example() -> None:
    result = regcore_score("--help")
    assert (
        "regcore score result/dumpOutput_device0 val_label.txt . result_bs1.json" in result.stdout
    )


def test_paths_of_windows_in_the_label_file(tmp_path: Path) -> None:
    scores = write_all(tmp_path / "scores", np.eye(2, dtype=np.float32), ".txt")
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"val\\{image(i)}.JPEG {i}\n" for i in range(2)))
    result = regcore_score(scores, labels, tmp_path, "result.json")
    assert result.exit_code == 3
    assert f"the first image val\\{image(0)}; it has backslashes, as on Windows: " in result.stderr

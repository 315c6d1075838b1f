"""regcore labels from the command line: text, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore

import regcore as package
from regcore.errors import UsageError

IMAGES, CLASSES = 400, 30


def written(
    folder: Path, *, shift: int = 0, wrong: int = 0, background: bool = False
) -> tuple[Path, Path]:
    """Scores of a model that is nearly always right, and labels, of which so many are wrong."""
    rng = np.random.default_rng(7)
    first = int(background)
    true = rng.integers(1, CLASSES - 1, IMAGES)
    scores = rng.normal(size=(IMAGES, CLASSES + first)).astype(np.float32)
    scores[np.arange(IMAGES), true + first] += 7
    names = [f"image{at:03d}" for at in range(IMAGES)]
    np.save(folder / "scores.npy", scores)
    (folder / "scores.names.txt").write_text("\n".join(names) + "\n")
    labels = true + shift
    labels[:wrong] = (true[:wrong] + 3) % CLASSES
    lines = [f"{name}.jpg {label}" for name, label in zip(names, labels, strict=True)]
    (folder / "labels.txt").write_text("\n".join(lines) + "\n")
    return folder / "scores.npy", folder / "labels.txt"


def test_wrong_labels_of_sound_ones_are_listed(tmp_path: Path) -> None:
    told = regcore("labels", *written(tmp_path, wrong=5), "--show", 2)
    assert told.exit_code == 0, told.stderr
    assert told.stdout.startswith("as given, by the first choices of 400 images, 30 classes\n")
    assert "5 of 400 labels (1.2 %) are probably wrong (scores: logits, by softmax)" in told.stdout
    assert "and 3 more" in told.stdout


def test_json_has_its_form_and_all_errors(tmp_path: Path) -> None:
    told = regcore("labels", *written(tmp_path, wrong=5), "--json")
    found = json.loads(told.stdout)
    assert found["sound"]
    assert {error["image"] for error in found["errors"]} == {f"image{at:03d}" for at in range(5)}
    for error in found["errors"]:
        assert error["label"] == (error["seems"] + 3) % CLASSES
    assert found["numberings"][0]["log10_times_less_likely"] == 0


def test_labels_that_count_from_1_are_named_and_not_searched(tmp_path: Path) -> None:
    told = regcore("labels", *written(tmp_path, shift=1))
    assert told.exit_code == 1
    assert told.stdout.startswith("renumbered, by")
    assert "count from 1" in told.stdout.splitlines()[1]
    assert "wrong labels were not looked for" in told.stdout


def test_a_background_class(tmp_path: Path) -> None:
    files = written(tmp_path, wrong=3, background=True)
    found = json.loads(regcore("labels", *files, "--background", "--json").stdout)
    assert found["sound"]
    assert len(found["errors"]) == 3
    assert all(error["label"] == (error["seems"] + 3) % CLASSES for error in found["errors"])
    assert regcore("labels", *files).exit_code == 1


def test_few_images_are_not_decided(tmp_path: Path) -> None:
    told = regcore("labels", *written(tmp_path), "--first", 1)
    assert told.exit_code == 1
    assert told.stdout.startswith("UNDECIDED: ")


def test_class_names_are_shown(tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("".join(f"name{at}\n" for at in range(CLASSES)))
    told = regcore("labels", *written(tmp_path, wrong=1), "--class-names", names)
    assert "seems" in told.stdout
    assert "name" in told.stdout.splitlines()[-1]


def test_scores_of_other_images_are_refused(tmp_path: Path) -> None:
    scores, labels = written(tmp_path)
    labels.write_text("other.jpg 1\n")
    told = regcore("labels", scores, labels)
    assert told.exit_code == 3
    assert "no scores of an image" in told.stderr


def test_one_class_tells_nothing_apart(tmp_path: Path) -> None:
    scores, labels = written(tmp_path)
    np.save(scores, np.zeros((IMAGES, 1), np.float32))
    with pytest.raises(UsageError, match="one score for each image"):
        package.examine_labels(scores, labels)

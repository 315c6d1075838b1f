"""Scores that are no scores, are cut short, or would be written over something."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore

from regcore.errors import RegcoreError
from regcore.evaluation.score_files.npy import open_npy
from regcore.evaluation.score_files.source import open_scores


def packed(folder: Path, scores: np.ndarray) -> Path:
    path = folder / "scores.npy"
    np.save(path, scores)
    names = "".join(f"{i}\n" for i in range(len(scores)))
    path.with_suffix(".names.txt").write_text(names)
    return path


def labels_of(folder: Path, count: int) -> Path:
    path = folder / "labels.txt"
    path.write_text("".join(f"{i}.jpg {i % 3}\n" for i in range(count)))
    return path


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f2"])
def test_rows_are_read_as_they_lie(tmp_path: Path, order: str, dtype: str) -> None:
    scores = np.asarray(np.random.default_rng(0).normal(size=(9, 4)), dtype, order=order)
    path = packed(tmp_path, scores)
    array = open_npy(path)
    np.testing.assert_array_equal(array.read(), scores)
    for rows in ([], [3], [8, 0, 1, 2, 7, 7], list(range(9))):
        found = array.read_rows(np.array(rows, np.intp))
        np.testing.assert_array_equal(found, scores[rows].astype(np.float32))


def test_a_file_that_is_cut_short_while_it_is_open_is_named(tmp_path: Path) -> None:
    """A memory map would end the process without a word."""
    path = packed(tmp_path, np.zeros((600, 1000), np.float32))
    predictions = open_scores(path, [str(i) for i in range(600)])
    batches = predictions.batches()
    next(batches)
    os.truncate(path, 4096)
    with pytest.raises(RegcoreError, match=r"scores\.npy: cut short"):
        list(batches)


@pytest.mark.slow
def test_any_bytes_are_an_array_or_one_line(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.save(file, np.zeros((3, 2), np.float32))
    sound, random = file.getvalue(), np.random.default_rng(1)
    path = tmp_path / "a.npy"
    for _ in range(1500):
        mutated = bytearray(sound)
        for _ in range(random.integers(1, 4)):
            mutated[random.integers(len(mutated))] = random.integers(256)
        path.write_bytes(mutated[: random.integers(len(mutated) + 1)] or mutated)
        try:
            open_npy(path).read()
        except RegcoreError as error:
            assert str(error).startswith(str(path))  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
def test_preprocessed_images_are_no_scores(tmp_path: Path, dtype: str) -> None:
    (tmp_path / "in").mkdir()
    for i in range(3):
        (tmp_path / "in" / f"{i}.bin").write_bytes(np.zeros((3, 224, 224), dtype).tobytes())
    result = regcore("score", tmp_path / "in", labels_of(tmp_path, 3), tmp_path, "r.json")
    assert result.exit_code == 3
    assert (
        f"{3 * 224 * 224 * np.dtype(dtype).itemsize} bytes each, as preprocessed" in result.stderr
    )


def test_nothing_to_compare_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "notes.txt").write_text("x")
    for name in ("empty", "foreign"):
        result = regcore("score", tmp_path / name, labels_of(tmp_path, 3), tmp_path, "r.json")
        assert result.exit_code == 3
        assert not (tmp_path / "r.json").exists()


def test_no_file_of_others_is_written_over(tmp_path: Path) -> None:
    scores, labels = packed(tmp_path, np.eye(3, dtype=np.float32)), labels_of(tmp_path, 3)
    result = regcore("score", scores, labels, tmp_path, "labels.txt")
    assert result.exit_code == 2
    assert "written over the input" in result.stderr
    assert labels.read_text().startswith("0.jpg")
    (tmp_path / "r.json").write_text("mine")
    result = regcore("score", scores, labels, tmp_path, "r.json")
    assert result.exit_code == 2
    assert (tmp_path / "r.json").read_text() == "mine"
    assert regcore("score", scores, labels, tmp_path, "r.json", "--force").exit_code == 0
    assert regcore("score", scores, labels, tmp_path, "r.json").exit_code == 0


def test_a_background_is_told_and_can_be_refused(tmp_path: Path) -> None:
    scores = packed(tmp_path, np.eye(1001, dtype=np.float32)[:3])
    labels = labels_of(tmp_path, 3)
    guides = regcore("score", scores, labels, tmp_path, "r.json", "--json")
    assert "class 0 is the background" in guides.stderr
    assert json.loads(guides.stdout)["hits"][0] == 0
    plain = regcore("score", scores, labels, tmp_path, "r.json", "--json", "--no-background")
    assert "the background" not in plain.stderr
    assert json.loads(plain.stdout)["hits"][0] == 3

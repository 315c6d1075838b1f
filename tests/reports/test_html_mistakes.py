"""The worst classes and the most confident mistakes, with the names of their classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from kept_photos import Photos, write_tar, write_zip
from oracles import jpeg, photo_like

from regcore.evaluation.predictions_csv import TopPredictions
from regcore.evaluation.run_content import RunContent
from regcore.reports.html.class_names import Names, class_names
from regcore.reports.html.mistake_images import image_files
from regcore.reports.html.mistakes import most_confident, worst_classes
from regcore.reports.html.thumbnails import thumbnail


def predictions() -> TopPredictions:
    classes = np.full((6, 5), -1, np.int64)
    scores = np.full((6, 5), np.nan, np.float32)
    classes[:, :2] = [[0, 1], [1, 0], [1, 0], [2, 1], [2, 0], [-1, -1]]
    scores[:, :2] = [[9, 1], [5, 4], [9, 1], [3, 2], [7, 1], [np.nan, np.nan]]
    return TopPredictions(tuple("abcdef"), np.array([0, 0, 0, 1, 1, 2]), classes, scores)


def test_the_worst_classes() -> None:
    rows = worst_classes(predictions(), Names(["cat, feline", "dog"]))
    assert [(row.name, row.missed, row.images) for row in rows] == [
        ("dog", 2, 2),
        ("cat", 2, 3),
    ]
    assert rows[0].answers == ["class 2 (2)"]
    assert rows[1].answers == ["dog (2)"]


def test_the_most_confident_mistakes(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(jpeg(photo_like(600, 400)))
    found = most_confident(predictions(), tmp_path, Names([]))
    assert [one.image for one in found] == ["c", "e", "b", "d"]
    assert found[0].place == "choice 2, score 1.00"
    assert found[1].place == "not among the best 5"
    assert found[0].picture.startswith("data:image/jpeg;base64,")
    assert found[1].picture is None


@pytest.mark.parametrize(("kind", "write"), [(".tar", write_tar), (".zip", write_zip)])
def test_pictures_come_out_of_archives(
    tmp_path: Path, kind: str, write: Callable[[Path, Photos], None]
) -> None:
    name = f"photos{kind}"
    photo = jpeg(photo_like(60, 40))
    write(tmp_path / name, [("c.jpg", photo, 0)])
    (tmp_path / "torn.tar").write_bytes(b"no archive")
    there, *others = image_files(
        tmp_path, [f"{name}::c.jpg", f"{name}::d.jpg", "none.tar::c.jpg", "torn.tar::c.jpg", "e"]
    )
    assert there == photo
    assert others == [None] * 4
    assert thumbnail(there) is not None
    assert thumbnail(b"no photo") is None


@pytest.mark.skipif(find_spec("timm") is None, reason="needs timm's names of ImageNet's classes")
def test_thousand_outputs_are_not_imagenet() -> None:
    run = RunContent(
        *("m", "b", "p", "mine (a1)"),
        *(1, True, 1, 1, [0], {"Top1": "0%"}, 1000, 1.0, {}),
    )
    assert class_names(run, {})(1) == "class 1"
    assert class_names(replace(run, recipe="regnety_016.pycls_in1k (a1)"), {})(1) == "goldfish"
    shifted = replace(run, recipe="x.tf_in1k (a1)", classes=1001)
    assert class_names(shifted, {})(0) == "background"
    assert class_names(shifted, {})(2) == "goldfish"
    assert class_names(replace(shifted, classes=1002), {})(2) == "class 2"
    assert class_names(replace(run, recipe="x.augreg_in21k (a1)"), {})(1) == "class 1"


def test_names_that_are_given_or_the_run_has() -> None:
    run = RunContent(
        *("m", "b", "p", "x.tf_in1k (a1)"), *(1, True, 1, 1, [0], {"Top1": "0%"}, 2, 1.0, {})
    )
    record = {"class_names": ["cat, feline", "dog"]}
    assert [class_names(run, record)(number) for number in range(3)] == ["cat", "dog", "class 2"]
    assert class_names(run, record, ["a", "b"])(1) == "b"
    assert class_names(run, {"class_names": ["cat"]})(0) == "class 0"

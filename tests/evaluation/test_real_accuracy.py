"""ReaL's accuracy: what timm counts, and labels or models that it is not for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from label_forms import timm_function, timm_info, write
from numpy.typing import NDArray

from regcore import DatasetError
from regcore.evaluation.real_accuracy import check_real_labels, real_accuracy
from regcore.images.label_files.imagenet import validation_names
from regcore.images.label_files.real_labels import read_real_labels
from regcore.scores.metric import MetricValue


class Output:
    """Scores of which only the best classes are asked for, in place of a tensor."""

    def __init__(self, best: NDArray[np.int64]) -> None:
        self._best = best

    def topk(self, *_: object) -> tuple[None, Output]:
        return None, self

    def cpu(self) -> Output:
        return self

    def numpy(self) -> NDArray[np.int64]:
        return self._best


@pytest.mark.slow
def test_the_same_accuracy_as_timms() -> None:
    path = timm_info() / "imagenet_real_labels.json"
    names = [f"val/{name}.JPEG" for name in validation_names()]
    classes = read_real_labels(path, names)
    random = np.random.default_rng(0)
    best = random.permuted(np.tile(np.arange(1000), (50_000, 1))[:, :5], axis=1)
    firsts = np.array([true[-1] if true else 7 for true in classes])
    right = random.random(50_000)
    best[right < 0.7, 0] = firsts[right < 0.7]
    best[right > 0.9, 3] = firsts[right > 0.9]
    found = real_accuracy(classes, best, 1000, background=False)
    timms = timm_function("timm.data.real_labels", "RealLabelsImagenet")(names, path)
    timms.add_result(Output(best))
    result = found.result()
    assert found.images == len(timms.is_correct[1]) == 46_837
    assert result["Top1"].value == pytest.approx(timms.get_accuracy(1), abs=1e-9)
    assert result["Top5"].value == pytest.approx(timms.get_accuracy(5), abs=1e-9)
    assert real_accuracy(classes, best + 1, 1001, background=True) == found


def test_images_without_classes_or_scores_do_not_count() -> None:
    classes = ((3, 4), (), (5,), (6,))
    best = np.array([[4, 0, 1, 2, 3], [0, 1, 2, 3, 4], [-1] * 5, [0, 1, 2, 3, 6]])
    assert real_accuracy(classes, best, 1000, background=False).result() == {
        "Top1": MetricValue(50.0, "%"),
        "Top5": MetricValue(100.0, "%"),
        "of": MetricValue(2, "images"),
    }
    none = real_accuracy(classes, np.full((4, 5), -1), 0, background=False)
    assert none.result()["Top1"].value is None
    with pytest.raises(DatasetError, match="1000 classes, and the model has 21841"):
        real_accuracy(classes, best, 21841, background=False)


def test_labels_in_another_order_are_refused() -> None:
    classes = [(n, n + 1) for n in range(100)]
    check_real_labels(classes, np.arange(100))
    with pytest.raises(DatasetError, match="of 100 images only 1 have their label among ReaL's"):
        check_real_labels(classes, np.arange(100)[::-1] * 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([[1]], "classes of 1 image, where ReaL has those of ImageNet's 50000"),
        ([[1000]] * 50_000, "Expected `int` <= 999"),
        ({"a": [1]}, "Expected `array`"),
        ([[1]] * 50_000, "of which photo.jpg is none"),
    ],
)
def test_what_is_no_file_of_reals(content: object, said: str, tmp_path: Path) -> None:
    path = write(tmp_path / "real.json", json.dumps(content))
    with pytest.raises(DatasetError, match=said):
        read_real_labels(path, ["ILSVRC2012_val_00000001.JPEG", "photo.jpg"])

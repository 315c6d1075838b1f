"""One text where a function wants several is refused: its letters would be taken for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from regcore import (
    Recipe,
    UsageError,
    compare_rates,
    evaluate_model,
    quantize_model,
    run_doctor,
    score_predictions,
)
from regcore.api.trtexec import measure_trtexec
from regcore.scores.registry import extra_metrics


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (partial(extra_metrics, "ece"), "metrics"),
        (partial(compare_rates, "result"), "results"),
        (partial(compare_rates, ["a=x", "b=y"], ratios="a/b"), "ratios"),
        (partial(run_doctor, only="pillow"), "only"),
        (partial(run_doctor, skip="opencv"), "skip"),
        (partial(quantize_model, "m.onnx", "calibration", keep="*"), "keep"),
        (partial(measure_trtexec, "m.onnx", options="--fp8"), "options"),
    ],
)
def test_one_text_is_no_list(call: Callable[[], Any], name: str) -> None:
    with pytest.raises(UsageError, match=rf"^{name} must be a list of texts, not one: \['"):
        call()


@pytest.mark.parametrize("wrong", [3, None, Path("recipe.json"), b"regnety_016"])
def test_a_recipe_is_no_other_thing(wrong: Any) -> None:
    with pytest.raises(UsageError, match="a recipe is a Recipe or a text, not "):
        Recipe.parse(wrong)


@pytest.mark.parametrize("labels", [[0, 1], {"a.jpg": 0}, np.zeros(2, np.int64), 3, b"labels.txt"])
def test_labels_are_in_a_file(labels: Any, tmp_path: Path) -> None:
    words = (
        r"^labels must be a file \(NAME INDEX a line\), or 'folders', .* not .*: write the labels"
    )
    with pytest.raises(UsageError, match=words) as error:
        evaluate_model("m.onnx", tmp_path, labels, out=tmp_path / "out")
    assert "\n" not in str(error.value)
    with pytest.raises(UsageError, match=r"^labels must be a file \(NAME INDEX a line\), not "):
        score_predictions(tmp_path, labels, tmp_path, "result.json")


@pytest.mark.parametrize("wrong", [["a", "b"], 3, b"out"])
def test_a_path_is_no_other_thing(wrong: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^out must be a text or a Path, not "):
        evaluate_model("m.onnx", tmp_path, "folders", out=wrong)

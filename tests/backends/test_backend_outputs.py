"""Scores in whatever form a model gives them rank as the model's own values do."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx_models import save_graph

from regcore import BackendError
from regcore.backends.recipe_fit import static_batch
from regcore.backends.registry import open_backend
from regcore.errors import ScoreOutputError
from regcore.models.tensors import TensorSpec, as_scores, is_scores, ordered_float32, score_output

POOLED: list[tuple[Any, ...]] = [("GlobalAveragePool", ["image"], ["pooled"], {})]
FLAT: list[tuple[Any, ...]] = [*POOLED, ("Flatten", ["pooled"], ["flat"], {})]


def images(count: int) -> NDArray[np.float32]:
    return np.random.default_rng(count).random((count, 3, 8, 8)).astype(np.float32)


def means(count: int) -> NDArray[np.float32]:
    return images(count).mean(axis=(2, 3))


@pytest.mark.parametrize(
    "shape",
    [["N", 3, 1, 1], ["N", 1, 1, 3], ["N", 1, 3], ["N", 3, "h", "w"], ["N", "a", "b", "c"], None],
)
def test_sides_of_length_one_do_not_matter(
    tmp_path: Path, runtime: str, shape: list[Any] | None
) -> None:
    perm = {1: [0, 2, 3, 1], 3: [0, 1, 2, 3]}[shape[1] if shape and shape[1] in (1, 3) else 3]
    nodes = [*POOLED, ("Transpose", ["pooled"], ["turned"], {"perm": perm})]
    final: tuple[Any, ...] = ("Identity", ["turned"], ["class"], {})
    if shape is not None and len(shape) == 3:
        final = ("Squeeze", ["turned", "axis"], ["class"], {})
    model = save_graph(
        tmp_path / "m.onnx",
        [*nodes, final],
        ("float32", shape),
        constants={"axis": np.array([1])},
    )
    with open_backend(f"{runtime}{model}") as backend:
        assert len(backend.outputs[0].shape or ()) == 2
        np.testing.assert_allclose(backend.run(images(4)), means(4), rtol=1e-5)


def test_other_sides_do(tmp_path: Path, runtime: str) -> None:
    nodes: list[tuple[Any, ...]] = [("Identity", ["image"], ["class"], {})]
    model = save_graph(tmp_path / "m.onnx", nodes, ("float32", ["N", 3, 8, 8]))
    with pytest.raises(BackendError, match=r"no float output.*class float32 \[N, 3, 8, 8\]"):
        open_backend(f"{runtime}{model}")
    image = ("float32", ["N", 3, "h", "w"])
    model = save_graph(tmp_path / "m.onnx", nodes, image, image=image)
    with (
        open_backend(f"{runtime}{model}") as backend,
        pytest.raises(BackendError, match=r"shape \(2, 3, 8, 8\) for 2 images"),
    ):
        backend.run(images(2))


@pytest.mark.parametrize("dtype", ["float64", "bfloat16", "int32", "int64", "uint8", "int8"])
def test_every_kind_of_number_is_taken(tmp_path: Path, runtime: str, dtype: str) -> None:
    onnx = pytest.importorskip("onnx")
    kind = getattr(onnx.TensorProto, {"float64": "DOUBLE"}.get(dtype, dtype.upper()))
    nodes = [
        *FLAT,
        ("Mul", ["flat", "hundred"], ["large"], {}),
        ("Cast", ["large"], ["class"], {"to": kind}),
    ]
    model = save_graph(
        tmp_path / "m.onnx",
        nodes,
        (dtype, ["N", 3]),
        constants={"hundred": np.float32(100)},
    )
    with open_backend(f"{runtime}{model}") as backend:
        assert backend.outputs == (TensorSpec("class", (None, 3), "float32"),)
        expected = 100 * means(5)
        scores = backend.run(images(5))
        if dtype == "float64":
            np.testing.assert_allclose(scores, expected, rtol=1e-6)
        elif dtype == "bfloat16":
            # OpenVINO cuts off instead of rounding.
            np.testing.assert_allclose(scores, expected, rtol=2**-7 if runtime else 2**-8)
            assert not (scores.view(np.uint32) & 0xFFFF).any()
        else:
            np.testing.assert_array_equal(scores, np.trunc(expected))


def same_order(values: NDArray[Any], scores: NDArray[np.float32]) -> None:
    for given, got in zip(values, scores, strict=True):
        absent = given != given  # noqa: PLR0124
        np.testing.assert_array_equal(np.isnan(got), absent)
        given, got = given[~absent], got[~absent]  # noqa: PLW2901
        np.testing.assert_array_equal(given[:, None] < given[None, :], got[:, None] < got[None, :])


def test_float64_ranks_as_float64() -> None:
    steps = np.arange(40, dtype=np.float64)
    rows = np.stack(
        [
            1 + steps[::-1] * 2.0**-50,  # one float32
            -1 - steps * 2.0**-50,
            steps * 1e-300,  # all 0 in float32
            1e300 + steps * 1e290,  # beyond float32
            -1e300 - steps * 1e290,
            np.where(steps % 3 == 0, np.nan, 1 + steps // 4 * 2.0**-50),
            np.where(steps % 5 == 0, np.inf, np.where(steps % 5 == 1, -np.inf, steps * 1e300)),
            np.where(steps % 2 == 0, 0.0, -0.0),
        ]
    )
    scores = ordered_float32(rows)
    same_order(rows, scores)
    np.testing.assert_array_equal(np.isinf(scores), np.isinf(rows))
    near = np.abs(rows) < 1e30
    np.testing.assert_allclose(scores[near], rows[near].astype(np.float32), atol=1e-5)


@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64", "uint64"])
def test_integers_rank_as_they_are(dtype: str) -> None:
    limits = np.iinfo(dtype)
    rng = np.random.default_rng(0)
    rows = rng.integers(limits.min, limits.max, (20, 50), dtype, endpoint=True)
    rows[:10, :25] = limits.max - rng.integers(0, 9, (10, 25), dtype)
    same_order(rows, ordered_float32(rows))


def test_scores_that_fit_stay_as_they_are() -> None:
    scores = means(3)
    assert as_scores(scores) is scores
    assert as_scores(scores.astype(np.float16)).dtype == np.float16
    np.testing.assert_array_equal(as_scores(scores.astype(np.float64)), scores)
    assert as_scores(np.zeros((4, 1), np.uint8)).shape == (4, 1)
    assert not is_scores(np.zeros(3))
    assert not is_scores(np.zeros((1, 2, 3)))


def test_floats_with_two_sides_go_first() -> None:
    label = TensorSpec("label", (None, 1), "int64")
    maps = TensorSpec("map", (None, 7, 1, 1), "float32")
    scores = TensorSpec("scores", (None, 7), "float32")
    assert score_output("m", [label, maps, scores], None) is scores
    assert score_output("m", [label, maps], None) is maps
    assert score_output("m", [label, scores], "label") is label
    with pytest.raises(ScoreOutputError, match=r"no float output .* by --output:") as caught:
        score_output("m", [TensorSpec("map", (None, 7, 8, 8), "float32")], None)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301
    with pytest.raises(ScoreOutputError, match=r"no float output named best.* by --output:"):
        score_output("m", [TensorSpec("class", (None, 7), "int64")], "best")


@pytest.mark.parametrize("name", [None, "best", "other"])
def test_a_model_without_any_scores_is_told_what_it_needs(name: str | None) -> None:
    for outputs, there in (
        ([TensorSpec("best", (None,), "int64")], r"best int64 \[N\]"),
        ([TensorSpec("text", (None, 7), "string")], r"text string \[N, 7\]"),
        ([], "none"),
    ):
        words = rf"m: has no float output, only {there}; export it with its scores .* the ArgMax"
        with pytest.raises(BackendError, match=words) as caught:
            score_output("m", outputs, name)
        assert "--output" not in str(caught.value)


def test_a_batch_of_zero_is_no_batch_size(tmp_path: Path, runtime: str) -> None:
    for shape, words in (
        ([0, 3, 8, 8], r"m\.onnx: its input image .*batch size 0"),
        (["N", 3, 0, 8], r"m\.onnx: its input image .*size 0"),
    ):
        model = save_graph(
            tmp_path / "m.onnx",
            [*POOLED, ("Flatten", ["pooled"], ["class"], {})],
            ("float32", [shape[0], 3]),
            image=("float32", shape),
        )
        with pytest.raises(BackendError, match=words):
            open_backend(f"{runtime}{model}")


def test_a_negative_batch_may_vary(tmp_path: Path, runtime: str) -> None:
    model = save_graph(
        tmp_path / "m.onnx",
        [*POOLED, ("Flatten", ["pooled"], ["class"], {})],
        ("float32", [-1, 3]),
        image=("float32", [-1, 3, 8, 8]),
    )
    with open_backend(f"{runtime}{model}") as backend:
        assert static_batch(backend) is None
        assert backend.run(images(3)).shape == (3, 3)


def test_a_wrong_shape_is_named_with_its_input(tmp_path: Path) -> None:
    model = save_graph(
        tmp_path / "m.onnx",
        [*POOLED, ("Flatten", ["pooled"], ["class"], {})],
        ("float32", ["N", 3]),
    )
    batch = np.zeros((2, 3, 9, 8), np.float32)
    with (
        open_backend(model) as backend,
        pytest.raises(BackendError, match=r"m\.onnx: .*image.*Got: 9 Expected: 8") as caught,
    ):
        backend.run(batch)
    assert "\n" not in str(caught.value)


NORMALISE = {name: np.ones(3, np.float32) for name in ("scale", "shift", "mean", "variance")}


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("statistics", "1 BatchNormalization in training mode"),
        ("dropout", "1 Dropout in training mode"),
        ("constant", "1 Dropout in training mode"),
        ("branch", "1 Dropout in training mode"),
        ("random", "1 RandomUniformLike of random numbers"),
        ("evaluated", ""),
        ("idle", ""),
    ],
)
def test_a_model_in_training_mode_is_doubtful(tmp_path: Path, kind: str, words: str) -> None:
    onnx = pytest.importorskip("onnx")
    helper = onnx.helper
    constants: dict[str, Any] = {"half": np.float32(0.5), "on": np.array(kind != "idle")}
    normalised = ["flat", *NORMALISE]
    dropout = helper.make_node("Dropout", ["flat", "half", "on"], ["inner"])
    value = helper.make_tensor_value_info("inner", onnx.TensorProto.FLOAT, ["N", 3])
    branch = helper.make_graph([dropout], "branch", [], [value])
    last: dict[str, list[tuple[Any, ...]]] = {
        "statistics": [
            (
                "BatchNormalization",
                normalised,
                ["class", "new_mean", "new_variance"],
                {"training_mode": 1},
            )
        ],
        "dropout": [("Dropout", ["flat", "half", "on"], ["class"], {})],
        "idle": [("Dropout", ["flat", "half", "on"], ["class"], {})],
        "constant": [
            (
                "Constant",
                [],
                ["yes"],
                {"value": onnx.numpy_helper.from_array(np.array(1, np.bool_))},
            ),
            ("Dropout", ["flat", "half", "yes"], ["class"], {}),
        ],
        "branch": [("If", ["on"], ["class"], {"then_branch": branch, "else_branch": branch})],
        "random": [
            ("RandomUniformLike", ["flat"], ["noise"], {}),
            ("Add", ["flat", "noise"], ["class"], {}),
        ],
        "evaluated": [("BatchNormalization", normalised, ["class"], {})],
    }
    model = save_graph(
        tmp_path / "m.onnx",
        [*FLAT, *last[kind]],
        ("float32", ["N", 3]),
        constants={**constants, **NORMALISE},
    )
    with open_backend(model) as backend:
        found = " ".join(backend.doubts)
    assert bool(found) == bool(words)
    assert words in found or kind == "branch"
    assert not found or "m.onnx" in found


def test_a_model_is_a_regular_file(tmp_path: Path, runtime: str) -> None:
    pytest.importorskip("onnxruntime")
    os.mkfifo(tmp_path / "fifo.onnx")
    (tmp_path / "folder.onnx").mkdir()
    for name, words in (("fifo", "is a FIFO"), ("folder", "is a folder"), ("no", "no such model")):
        with pytest.raises(BackendError, match=words):
            open_backend(f"{runtime}{tmp_path / name}.onnx")

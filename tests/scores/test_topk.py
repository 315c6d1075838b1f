"""topk and ranks against NumPy's stable sort: every type, memory layout and instruction set."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regcore import ranks, topk
from regcore.scores.topk import NO_CLASS, NO_PREDICTION, best_classes, top1

DTYPES = ["float32", "float16", "bfloat16", "int8", "uint8"]
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e-42, -1e-42, 6e-8]
LARGEST = 21_000


def numpy_dtype(name: str) -> np.dtype[Any]:
    return np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else name)


def exact(scores: Any) -> Any:
    with np.errstate(invalid="ignore"):  # signalling NaNs
        return scores.astype(np.float64)


def twin(scores: Any) -> Any:
    """The order of every row by a stable sort, which puts NaN last."""
    return np.argsort(-exact(scores), axis=-1, kind="stable")


def bits(array: Any) -> list[bytes]:
    return [row.tobytes() for row in np.ascontiguousarray(array)]


def assert_is_topk(scores: Any, k: int, result: tuple[Any, Any]) -> None:
    values, indices = result
    expected = twin(scores)[..., :k]
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(indices, expected)
    best = np.take_along_axis(scores, expected, axis=-1)
    if scores.dtype == ml_dtypes.bfloat16:
        best = best.astype(np.float32)
    assert values.dtype == best.dtype
    assert bits(values) == bits(best)


def assert_are_ranks(scores: Any, labels: Any) -> None:
    places = np.argsort(twin(scores), axis=-1)
    row = np.arange(len(scores))
    expected = np.where(np.isnan(exact(scores)[row, labels]), scores.shape[1], places[row, labels])
    np.testing.assert_array_equal(ranks(scores, labels), expected)


def filled(rng: Any, kind: str, shape: tuple[int, int], dtype: np.dtype[Any]) -> Any:
    """Scores of one kind."""
    with np.errstate(all="ignore"):
        if kind == "bits":
            return rng.integers(0, 256, (shape[0], shape[1] * dtype.itemsize), np.uint8).view(dtype)
        if kind == "special":
            values = rng.choice(np.array(SPECIAL), shape)
        elif kind == "constant":
            values = np.full(shape, rng.choice(np.array(SPECIAL)))
        elif kind == "ascending":
            values = np.arange(np.prod(shape)).reshape(shape) / 16
        elif kind == "peaked":
            values = np.where(rng.random(shape) < 0.02, rng.normal(size=shape) * 50, 0.0)
        else:
            values = rng.normal(size=shape) * 30
        if dtype.kind in "iu":
            values = np.nan_to_num(values, nan=0).clip(-128, 127).astype(np.int64).astype(dtype)
        return values.astype(dtype)


KINDS = ["bits", "special", "constant", "ascending", "peaked", "normal"]

cases = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(DTYPES),
        "kind": st.sampled_from(KINDS),
        "rows": st.integers(0, 5),
        "classes": st.integers(1, 130) | st.integers(1, 1100) | st.integers(1, LARGEST),
        "k": st.floats(0, 1),
        "gap": st.integers(0, 9),
        "workers": st.integers(1, 3),
        "seed": st.integers(0, 2**32 - 1),
    }
)


@pytest.mark.slow
# Each SIMD level serves all examples; the fixture need not start anew for each.
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases)
def test_equals_a_stable_sort(case: dict[str, Any], simd: str) -> None:
    rng = np.random.default_rng(case["seed"])
    rows, classes = case["rows"], case["classes"]
    k = 1 + int(case["k"] ** 4 * (classes - 1))  # small ones more often
    dtype = numpy_dtype(case["dtype"])
    wide = filled(rng, case["kind"], (rows, classes + case["gap"]), dtype)
    scores = wide[::-1, case["gap"] :]
    assert_is_topk(scores, k, topk(scores, k, workers=case["workers"]))
    assert_are_ranks(scores, rng.integers(0, classes, rows))


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_k(dtype: str, kind: str, simd: str) -> None:
    rng = np.random.default_rng(5)
    for classes in [1, 15, 16, 63, 64, 65, 200, 1000, 1001]:
        scores = filled(rng, kind, (2, classes), numpy_dtype(dtype))
        expected = twin(scores)
        for k in {*range(1, min(classes, 70) + 1), classes // 2 + 1, classes}:
            np.testing.assert_array_equal(topk(scores, k)[1], expected[:, :k])


@pytest.mark.slow
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("k", [1, 5, 100, LARGEST])
def test_of_many_classes(dtype: str, k: int, simd: str) -> None:
    for kind in KINDS:
        scores = filled(np.random.default_rng(6), kind, (2, LARGEST), numpy_dtype(dtype))
        assert_is_topk(scores, k, topk(scores, k))
        assert_are_ranks(scores, np.array([LARGEST - 1, 17]))


@pytest.mark.slow
def test_workers_share_many_rows(simd: str) -> None:
    scores = np.random.default_rng(7).normal(size=(3000, 1000)).astype(np.float32)
    scores[:, 500:] = scores[:, :500]
    labels = np.arange(3000) % 1000
    for workers in (1, 2, 5):
        assert_is_topk(scores, 5, topk(scores, 5, workers=workers))
        np.testing.assert_array_equal(ranks(scores, labels, workers=workers), ranks(scores, labels))


def test_subnormals_count_although_another_library_flushes_them() -> None:
    torch = pytest.importorskip("torch")
    scores = np.zeros((1, 100), np.float32)
    scores[0, [70, 30]] = 1e-44, 1e-45
    if not torch.set_flush_denormal(True):
        pytest.skip("this processor cannot flush subnormals")
    try:
        assert float(torch.tensor(1e-44) * 1) == 0  # the mode is on
        indices = topk(scores, 3)[1].tolist()
        places = ranks(scores, [30]).tolist()
        assert float(torch.tensor(1e-44) * 1) == 0  # and still is
    finally:
        torch.set_flush_denormal(False)
    assert indices == [[70, 30, 0]]
    assert places == [1]


def test_one_row_and_any_memory_order() -> None:
    scores = np.arange(24, dtype=np.float32).reshape(4, 6)
    values, indices = topk(scores[2], 2)
    assert (values.tolist(), indices.tolist()) == ([17, 16], [5, 4])
    assert topk(scores[::2, ::-2], 1)[1].tolist() == [[0], [0]]
    assert topk(np.asfortranarray(scores), 1)[1].tolist() == [[5]] * 4
    assert topk(np.broadcast_to(scores[1], (3, 6)), 1)[1].tolist() == [[5]] * 3
    assert topk(scores.T[:, :1], 1)[1].tolist() == [[0]] * 6
    assert topk(scores[:, 1::9], 1)[0].tolist() == [[1], [7], [13], [19]]


def test_unaligned_memory(simd: str) -> None:
    memory = bytes(3) + np.random.default_rng(8).normal(size=(3, 333)).astype("<f4").tobytes()
    scores = np.frombuffer(memory, "<f4", offset=3).reshape(3, 333)
    assert not scores.flags.aligned
    assert_is_topk(scores, 7, topk(scores, 7))
    assert_are_ranks(scores, [0, 332, 5])


@pytest.mark.slow
def test_no_copy_of_large_scores(tmp_path: Path) -> None:
    """Ways to hold 512 MiB of scores (sparse, so that they cost nothing) that must not double."""
    import tracemalloc

    torch = pytest.importorskip("torch")
    scores = np.memmap(tmp_path / "scores", np.uint16, "w+", shape=(2**18, 1024))
    with (tmp_path / "scores").open("r+b") as file:
        file.seek(2**17 * 2048 + 2 * 77)
        file.write(b"\x80\x3f")  # 1 in bfloat16
    tensor = torch.from_numpy(np.asarray(scores)).view(torch.bfloat16)
    rows = slice(2**17, 2**17 + 1)
    for held in (
        scores,
        memoryview(scores),  # type: ignore[arg-type]
        scores[:, :1000],
        tensor,
        scores.view(np.int8)[:, 1::2][:0],
    ):
        gc.collect()
        tracemalloc.start()
        try:
            _, indices = topk(held, 1)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 2**24
        assert indices[rows].tolist() in ([[77]], [])


def test_torch_tensors() -> None:
    torch = pytest.importorskip("torch")
    scores = torch.randn(5, 40, requires_grad=True)
    expected = torch.topk(scores, 3)
    values, indices = topk(scores, 3)
    assert indices.tolist() == expected.indices.tolist()
    assert values.tolist() == expected.values.tolist()
    half = scores.detach()[1:, 3:].to(torch.bfloat16)
    values, indices = topk(half, 3)
    assert values.dtype == np.float32
    assert_is_topk(half.float().numpy(), 3, (values, indices))
    with pytest.raises(TypeError, match="complex64"):
        topk(scores.to(torch.complex64), 1)
    with pytest.raises(TypeError, match=r"^scores cannot be read from this tensor: [^\n]*Sparse"):
        topk(half.float().to_sparse(), 1)


def test_dlpack_alone() -> None:
    class Foreign:
        def __init__(self, array: Any) -> None:
            self.array = array

        def __dlpack__(self, **options: Any) -> Any:
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return self.array.__dlpack_device__()

    assert topk(Foreign(np.array([[1, 3, 2]], np.float16)), 2)[1].tolist() == [[1, 2]]


@pytest.mark.parametrize("dtype", DTYPES)
def test_results_into_the_callers_arrays(dtype: str) -> None:
    scores = filled(np.random.default_rng(9), "normal", (4, 50), numpy_dtype(dtype))
    fresh = topk(scores, 3)
    values = np.empty((6, 3), fresh[0].dtype)[1:5]
    indices = np.empty((4, 3), np.int64)
    result = topk(scores, 3, out=(values, indices))
    assert result[0] is values
    assert result[1] is indices
    np.testing.assert_array_equal(values, fresh[0])
    np.testing.assert_array_equal(indices, fresh[1])


@pytest.mark.parametrize(
    ("values", "indices", "message"),
    [
        (np.empty((2, 2), np.float32), np.empty((2, 3), np.int64), "values must be float32 of"),
        (np.empty((2, 3), np.float64), np.empty((2, 3), np.int64), "not float64"),
        (np.empty((2, 3), np.float32), np.empty((2, 3), np.int32), "indices must be int64"),
        (np.empty((3, 2), np.float32).T, np.empty((2, 3), np.int64), "C-contiguous"),
        (np.empty((2, 3), np.float32), np.broadcast_to(np.int64(0), (2, 3)), "C-contiguous"),
    ],
)
def test_unfit_arrays_for_results(values: Any, indices: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        topk(np.zeros((2, 5), np.float32), 3, out=(values, indices))


def test_results_do_not_go_into_the_scores() -> None:
    memory = np.zeros((3, 8), np.float32)
    scores, beside = memory[:2], memory[2:].reshape(2, 4)[:, :]
    indices = np.empty((2, 4), np.int64)
    topk(scores, 4, out=(beside, indices))
    with pytest.raises(ValueError, match="values lies in the memory of the scores"):
        topk(scores, 4, out=(memory[1:2].reshape(2, 4), indices))
    with pytest.raises(ValueError, match="indices lies in the memory of the scores"):
        topk(scores, 2, out=(np.empty((2, 2), np.float32), memory[:1].view(np.int64).reshape(2, 2)))


@pytest.mark.parametrize("dtype", [np.longdouble, ">i4", ">f4", bool, np.complex64, object])
def test_says_which_types_it_takes(dtype: Any) -> None:
    scores = np.zeros((2, 3), dtype=dtype)
    with pytest.raises(TypeError, match="float32, float16, bfloat16"):
        topk(scores, 1)
    with pytest.raises(TypeError, match="float32, float16, bfloat16"):
        ranks(scores, [0, 0])


@pytest.mark.parametrize(("shape", "k"), [((2, 3), 0), ((2, 3), 4), ((2, 3), -1), ((2, 0), 1)])
def test_needs_a_k_within_the_classes(shape: tuple[int, ...], k: int) -> None:
    with pytest.raises(ValueError, match="k must lie between"):
        topk(np.zeros(shape, dtype=np.float32), k)


@pytest.mark.parametrize("shape", [(), (2, 3, 4)])
def test_needs_rows(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="-D"):
        topk(np.zeros(shape, dtype=np.float32), 1)
    with pytest.raises(ValueError, match="-D"):
        ranks(np.zeros(shape, dtype=np.float32), [])


def test_needs_workers_and_a_known_rule() -> None:
    scores = np.zeros((2, 3), np.float32)
    with pytest.raises(ValueError, match="workers must be at least 1"):
        topk(scores, 1, workers=0)
    with pytest.raises(ValueError, match="one of lowest, highest"):
        ranks(scores, [0, 1], ties="first")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        ([0, 3], ValueError, "label 3 is not among the 3 classes"),
        ([-1, 0], ValueError, "label -1"),
        ([0], ValueError, "2 images do not go with labels of"),
        ([[0], [1]], ValueError, "do not go with"),
        ([0.0, 1.0], TypeError, "integers"),
    ],
)
def test_unfit_labels(labels: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ranks(np.zeros((2, 3), np.float32), labels)


def test_a_row_of_nan_names_no_class() -> None:
    scores = np.array([[np.nan, 2, 1], [np.nan] * 3, [np.nan, np.nan, -np.inf]], np.float32)
    values, indices = best_classes(scores, 2)
    assert indices.tolist() == [[1, 2], [NO_PREDICTION, NO_PREDICTION], [2, NO_PREDICTION]]
    np.testing.assert_array_equal(values, topk(scores, 2)[0])
    assert best_classes(scores, 4)[1][0].tolist() == [1, 2, NO_PREDICTION, NO_CLASS]
    assert top1(scores).tolist() == [1, NO_PREDICTION, 2]
    assert best_classes(np.zeros((1, 3), np.uint8), 1)[1].tolist() == [[0]]


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_a_signalling_nan_hides_no_score_beside_it(dtype: str, simd: str) -> None:
    kind = numpy_dtype(dtype)
    # All bits of the exponent and the last one of the fraction; of either sign.
    signalling = {"float32": 0x7F800001, "float16": 0x7C01, "bfloat16": 0x7F81}[dtype]
    scores = filled(np.random.default_rng(8), "normal", (16, 200), kind)
    scores[:, 22] = 1000
    stored = scores.view(f"u{kind.itemsize}")
    for row, negative in enumerate([False, True] * 8):
        sign = 1 << 8 * kind.itemsize - 1
        stored[row, row::16] = signalling | (sign if negative else 0)  # one of the 16 lanes
    scores[6, 22] = 1000  # where its own lane had been filled
    for k in (1, 5, 8, 10, 16, 17, 40, 100):
        assert_is_topk(scores, k, topk(scores, k))
    assert_are_ranks(scores, np.full(16, 22))


def test_results_that_overlap_each_other_are_refused() -> None:
    memory = np.zeros(72, np.uint8)
    indices = memory[:48].view(np.int64).reshape(3, 2)
    values = memory[24:48].view(np.float32).reshape(3, 2)
    with pytest.raises(ValueError, match="values and indices lie in the same memory"):
        topk(np.eye(3, 5, dtype=np.float32), 2, out=(values, indices))


def test_masked_scores_are_refused() -> None:
    scores = np.ma.masked_array(np.float32([[9, 1, 2]]), mask=[[1, 0, 0]])
    calls = [
        lambda: topk(scores, 1),
        lambda: topk([scores[0]], 1),
        lambda: ranks(scores, [0]),
        lambda: ranks(np.float32([[9, 1, 2]]), [np.ma.masked_array(0, mask=True)]),
    ]
    for call in calls:
        with pytest.raises(TypeError, match="masked"):
            call()


@pytest.mark.parametrize("out", [3, (1,), ([[0.0]], [[0]])])
def test_results_that_are_no_two_arrays_are_refused(out: Any) -> None:
    with pytest.raises(ValueError, match=r"^out[^\n]+$"):
        topk(np.zeros((1, 3), np.float32), 1, out=out)

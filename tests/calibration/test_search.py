"""The search for the layers that cost most, nodes left in float, and NNCF as the quantiser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_graph

from regcore import UsageError, calibrate_model, quantize_model
from regcore.convert.onnx.float_nodes import name_nodes
from regcore.convert.onnx.weighted_layers import layers_of
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SMALL = Recipe(resize=8, crop=8, filter="bilinear", mean=(0, 0, 0), std=(1, 1, 1))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Of its weights, those of `coarse` are the ones that int8 cannot hold: one is 1000."""
    random = np.random.default_rng(1)
    coarse = np.abs(random.normal(size=(4, 4, 1, 1))).astype(np.float32)
    coarse[:, 0] = 1000  # of a channel that is always 0
    first = np.abs(random.normal(size=(4, 3, 3, 3))).astype(np.float32)
    first[0] = 0
    return save_graph(
        tmp_path / "model.onnx",
        [
            ("Conv", ["image", "w1"], ["a"], {"name": "fine"}),
            ("Relu", ["a"], ["b"], {}),
            ("Conv", ["b", "w2"], ["c"], {"name": "coarse"}),
            ("Relu", ["c"], ["d"], {"name": "after"}),
            ("Conv", ["d", "w3"], ["e"], {"name": "last"}),
            ("GlobalAveragePool", ["e"], ["pooled"], {"name": "pool"}),
            ("Flatten", ["pooled"], ["class"], {"name": "flat"}),
        ],
        ("float32", ["N", 5]),
        constants={
            "w1": first,
            "w2": coarse,
            "w3": random.normal(size=(5, 4, 3, 3)).astype(np.float32),
        },
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=13,
    )


@pytest.fixture
def calibration(model: Path, photos: Path, tmp_path: Path) -> Path:
    calibrate_model(model, photos, tmp_path / "calibration", count=4)
    return tmp_path / "calibration"


def test_a_layer_goes_to_the_next_node_with_weights(model: Path) -> None:
    graph = onnx.load(model).graph
    name_nodes(graph)
    assert [(layer.name, layer.nodes) for layer in layers_of(graph)] == [
        ("fine", ("fine", "Relu_1")),
        ("coarse", ("coarse", "after")),
        ("last", ("last", "pool", "flat")),
    ]


def test_the_costliest_layer_is_found_and_kept(model: Path, calibration: Path) -> None:
    plain = quantize_model(model, calibration).form
    made = quantize_model(model, calibration, search=1).form
    search = made.search
    assert search
    assert {layer.layer for layer in search.layers} == {"fine", "coarse", "last"}
    assert [layer.layer for layer in search.layers if layer.kept] == ["coarse"]
    assert search.layers[0].layer == "coarse"
    assert search.signal_to_noise_db == plain.signal_to_noise_db
    # What the search has promised is what the file does.
    assert made.signal_to_noise_db == search.layers[0].signal_to_noise_db
    assert made.quantization.kept == ["coarse", "after"]
    assert (made.quantization.searched, plain.quantization.searched) == (1, None)
    assert made.signal_to_noise_db is not None
    assert plain.signal_to_noise_db is not None
    assert made.signal_to_noise_db > plain.signal_to_noise_db + 3


def test_it_is_the_same_every_time(model: Path, calibration: Path, tmp_path: Path) -> None:
    first, second = (
        quantize_model(model, calibration, tmp_path / f"{n}.onnx", search=2) for n in range(2)
    )
    assert first.form.search == second.form.search
    assert first.path.read_bytes() == second.path.read_bytes()


def test_layers_that_are_kept_already_are_not_tried(model: Path, calibration: Path) -> None:
    made = quantize_model(model, calibration, keep=["coarse", "after"], search=1)
    search = made.form.search
    assert search
    assert {layer.layer for layer in search.layers} == {"fine", "last"}
    assert set(made.form.quantization.kept) >= {"coarse", "after"}


def test_ctrl_c_leaves_nothing(model: Path, calibration: Path, tmp_path: Path) -> None:
    @contextmanager
    def interrupted(_: int) -> Iterator[object]:
        def advance(done: int, _: int) -> None:
            if done == 2:
                raise KeyboardInterrupt

        yield advance

    before = set(tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        quantize_model(model, calibration, search=1, progress=interrupted)  # type: ignore[arg-type]
    assert set(tmp_path.iterdir()) == before


def test_the_command_tells_the_cost_before_and_the_table_after(
    model: Path, calibration: Path
) -> None:
    told = regcore("quantize", model, "--calibration", calibration, "--search", 1)
    assert told.exit_code == 0, told.output
    assert "3 layers are left in float in turn, which takes about" in told.stderr
    assert "1 of 3 layers kept in float: signal to noise of the scores" in told.stdout
    (row,) = (line for line in told.stdout.splitlines() if line.strip().startswith("coarse"))
    assert row.split()[-1] == "yes"


def test_nncf_has_one_method(model: Path, calibration: Path) -> None:
    with pytest.raises(UsageError, match="--tool nncf has minmax alone"):
        quantize_model(model, calibration, tool="nncf", method="entropy")


def test_nncf(model: Path, calibration: Path, tmp_path: Path) -> None:
    nncf = pytest.importorskip("nncf")
    told = regcore(
        "quantize", model, "--calibration", calibration, "--tool", "nncf", "--search", 1
    )  # fmt: skip
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith(f"model.int8.onnx, by NNCF {nncf.__version__}: weights int8")
    made = quantize_model(model, calibration, tmp_path / "q.onnx", tool="nncf", keep=["coarse"])
    assert made.form.quantization.tools.nncf == nncf.__version__
    nodes = {node.name: node for node in onnx.load(made.path).graph.node}
    linear = {"QuantizeLinear", "DequantizeLinear"}
    makers = {name: node for node in nodes.values() for name in node.output}

    def weights(node: str) -> object:
        maker = makers.get(nodes[node].input[1])
        return None if maker is None else maker.op_type

    assert weights("coarse") not in linear
    assert weights("last") in linear
    assert made.form.signal_to_noise_db is not None
    assert made.form.signal_to_noise_db > 10


def test_a_runtime_does_not_quantise_what_was_kept(model: Path, calibration: Path) -> None:
    """ONNX Runtime would quantise `coarse`, whose input and output have 8 bits, by itself."""
    made = quantize_model(model, calibration, keep=["coarse", "after"])
    images = np.load(calibration / "calibration.npy")
    scores = []
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_ALL"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        session = onnxruntime.InferenceSession(made.path, options)
        scores.append(session.run(None, {"image": images})[0])
    np.testing.assert_allclose(scores[1], scores[0], atol=0.05 * np.abs(scores[0]).max())

"""Quantised models: what they compute, what they say of themselves, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import RECIPE, save_graph, save_model

from regcore import (
    BackendError,
    MismatchError,
    UsageError,
    calibrate_model,
    compare_layers,
    quantize_model,
)
from regcore.calibration.record import PROPERTY, read_record
from regcore.convert.onnx.float_nodes import shape_nodes
from regcore.convert.onnx.fold_padding import fold_padding
from regcore.convert.onnx.score_noise import agreement
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

#: Of the sizes of a tensor [n, 4, 6, 6], as much is padded on each side.
PARTS = (0, 0, 0.17, 0.34)
SMALL = Recipe(resize=8, crop=8, filter="bilinear", mean=(0, 0, 0), std=(1, 1, 1))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return padded_model(tmp_path / "model.onnx")


def padded_model(path: Path, mode: str = "constant", parts: tuple[float, ...] = PARTS) -> Path:
    """Two convolutions between which TensorFlow's padding is computed from sizes, in float."""
    random = np.random.default_rng(1)
    return save_graph(
        path,
        [
            ("Conv", ["image", "first"], ["a"], {"name": "first"}),
            ("Shape", ["a"], ["shape"], {"name": "shape"}),
            ("Cast", ["shape"], ["sizes"], {"name": "cast", "to": 1}),
            ("Mul", ["sizes", "parts"], ["pads"], {"name": "padding"}),
            ("Cast", ["pads"], ["whole"], {"name": "whole", "to": 7}),
            ("Concat", ["whole", "whole"], ["both"], {"name": "both", "axis": 0}),
            ("Pad", ["a", "both"], ["padded"], {"name": "pad", "mode": mode}),
            ("Conv", ["padded", "second"], ["b"], {"name": "second"}),
            ("GlobalAveragePool", ["b"], ["pooled"], {"name": "pool"}),
            ("Flatten", ["pooled"], ["class"], {"name": "flat"}),
        ],
        ("float32", ["N", 5]),
        constants={
            "first": random.normal(size=(4, 3, 3, 3)).astype(np.float32),
            "second": random.normal(size=(5, 4, 3, 3)).astype(np.float32),
            "parts": np.array(parts, np.float32),
        },
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=11,
    )


@pytest.fixture
def calibration(photos: Path, model: Path, tmp_path: Path) -> Path:
    calibrate_model(model, photos, tmp_path / "calibration", count=4)
    return tmp_path / "calibration"


def properties(path: Path) -> dict[str, str]:
    return {pair.key: pair.value for pair in onnx.load(path).metadata_props}


def scores(path: Path, images: Any) -> Any:
    return onnxruntime.InferenceSession(path).run(None, {"image": images})[0]


@pytest.mark.parametrize("method", ["minmax", "entropy", "percentile"])
def test_the_scores_are_nearly_those_of_the_float_model(
    model: Path, calibration: Path, method: str
) -> None:
    made = quantize_model(model, calibration, method=method)
    assert made.path == model.with_name("model.int8.onnx")
    images = np.load(calibration / "calibration.npy")
    ours, theirs = scores(made.path, images), scores(model, images)
    noise = np.abs(ours - theirs).max() / np.abs(theirs).max()
    assert 0 < noise < 0.1
    form = made.to_dict()
    assert form["agreement"]["largest_difference"] == pytest.approx(np.abs(ours - theirs).max())
    assert form["quantised_nodes"] > 0


def test_what_the_file_says_of_itself(model: Path, calibration: Path) -> None:
    made = quantize_model(model, calibration)
    said = properties(made.path)
    assert ModelMetadata.from_properties(made.path, said) == ModelMetadata(SMALL, "small", "none")
    record = read_record(made.path, said)
    assert record == made.form.quantization
    assert record is not None
    manifest = json.loads((calibration / "calibration.json").read_text())
    assert record.calibration == manifest["identity"]
    assert record.recipe_identity == manifest["recipe_identity"]
    assert [size for size, _, _ in record.images] == [i["bytes"] for i in manifest["images"]]
    assert record.tools.onnxruntime == onnxruntime.__version__
    assert not {one.domain for one in onnx.load(made.path).opset_import} - {"", "ai.onnx"}


def test_each_channel_has_its_scale(model: Path, calibration: Path, tmp_path: Path) -> None:
    def sizes(path: Path) -> list[int]:
        tensors = {tensor.name: tensor for tensor in onnx.load(path).graph.initializer}
        return [
            tensor.dims[0] if tensor.dims else 1
            for name, tensor in tensors.items()
            if name.endswith("_scale") and name.startswith("second")
        ]

    each = quantize_model(model, calibration)
    whole = quantize_model(model, calibration, tmp_path / "whole.onnx", per_channel=False)
    assert sizes(each.path) == [5]
    assert sizes(whole.path) == [1]


def test_nodes_that_compute_sizes_stay_in_float(calibration: Path, tmp_path: Path) -> None:
    model = padded_model(tmp_path / "edge.onnx", "edge")
    graph = onnx.load(model).graph
    assert shape_nodes(graph) == ["shape", "cast", "padding", "whole", "both"]
    made = onnx.load(quantize_model(model, calibration).path).graph
    (padding,) = (node for node in made.node if node.name == "padding")
    assert not any("Linear" in name for name in padding.input)


@pytest.mark.parametrize(
    ("mode", "parts", "folded"),
    [
        ("constant", PARTS, 1),
        ("constant", (0, 0, 0, 0), 1),
        ("edge", PARTS, 0),
        ("constant", (0, 0.25, 0.17, 0.17), 0),  # of channels
        ("constant", (0.5, 0, 0.17, 0.17), 0),  # of images, and so another one for each batch
        ("constant", (0, 0, -0.17, 0.17), 0),  # which cuts off
    ],
)
def test_padding_goes_into_the_convolution(
    tmp_path: Path, mode: str, parts: tuple[float, ...], folded: int
) -> None:
    path = padded_model(tmp_path / "m.onnx", mode, parts)
    if parts[1]:
        made = onnx.load(path)
        for tensor in made.graph.initializer:
            if tensor.name == "second":
                wide = np.random.default_rng(2).normal(size=(5, 6, 3, 3)).astype(np.float32)
                tensor.CopyFrom(onnx.numpy_helper.from_array(wide, "second"))
        onnx.save(made, path)
    model = onnx.load(path)
    images = np.random.default_rng(3).normal(size=(3, 3, 8, 8)).astype(np.float32)
    before = scores(path, images)
    assert fold_padding(model, (3, 8, 8), None) == folded
    onnx.save(model, path)
    np.testing.assert_allclose(scores(path, images), before, rtol=1e-5, atol=1e-5)
    kinds = [node.op_type for node in model.graph.node]
    if folded:
        assert kinds == ["Conv", "Conv", "GlobalAveragePool", "Flatten"]
        (second,) = (node for node in model.graph.node if node.name == "second")
        (pads,) = (list(one.ints) for one in second.attribute if one.name == "pads")
        rows, columns = (int(6 * part) for part in parts[2:])
        assert pads == [rows, columns, rows, columns]
    else:
        assert "Pad" in kinds


def test_padding_that_others_take_too_stays(tmp_path: Path) -> None:
    model = onnx.load(padded_model(tmp_path / "m.onnx"))
    model.graph.output.append(onnx.helper.make_empty_tensor_value_info("padded"))
    assert fold_padding(model, (3, 8, 8), None) == 0


def test_padding_of_a_quantised_model(model: Path, calibration: Path) -> None:
    made = quantize_model(model, calibration)
    assert made.form.float_nodes == 0
    assert "Pad" not in {node.op_type for node in onnx.load(made.path).graph.node}


def test_nodes_that_are_kept(model: Path, calibration: Path, tmp_path: Path) -> None:
    made = quantize_model(model, calibration, tmp_path / "out.onnx", keep=["sec*"])
    assert made.form.quantization.kept == ["second"]
    (second,) = (n for n in onnx.load(made.path).graph.node if n.name == "second")
    assert second.input[1] == "second"
    with pytest.raises(UsageError, match=r"--keep secnod: .* the nearest are second"):
        quantize_model(model, calibration, tmp_path / "out.onnx", keep=["secnod"])


def test_float16(model: Path, calibration: Path, tmp_path: Path) -> None:
    told = regcore("quantize", model, "--calibration", calibration, "--to", "fp16")
    assert told.exit_code == 0, told.output
    half = model.with_name("model.fp16.onnx")
    assert told.stdout.startswith("model.fp16.onnx: float16, input and output as they were; ")
    images = np.load(calibration / "calibration.npy")
    ours, theirs = scores(half, images), scores(model, images)
    assert 0 < np.abs(ours - theirs).max() < 0.01 * np.abs(theirs).max()
    said = properties(half)
    assert PROPERTY not in said  # which images calibrate nothing
    assert ModelMetadata.from_properties(half, said) == ModelMetadata(SMALL, "small", "none")
    assert quantize_model(model, calibration, to="fp16").path == half  # its own is replaced
    made = quantize_model(model, calibration, tmp_path / "k.onnx", to="fp16", keep=["second"])
    assert made.form.kept == ["second"]
    types = {one.name: one.data_type for one in onnx.load(made.path).graph.initializer}
    assert (types["second"], types["first"]) == (1, 10)
    with pytest.raises(UsageError, match="--symmetric is for --to int8-qdq"):
        quantize_model(model, calibration, to="fp16", symmetric=True)


def test_symmetric_activations(model: Path, calibration: Path) -> None:
    made = quantize_model(model, calibration, symmetric=True)
    points = [
        onnx.numpy_helper.to_array(tensor)
        for tensor in onnx.load(made.path).graph.initializer
        if tensor.name.endswith("_zero_point")
    ]
    assert points
    assert not any(point.any() for point in points)


def test_images_of_another_recipe_are_refused_by_name(
    photos: Path, model: Path, tmp_path: Path
) -> None:
    out = tmp_path / "wrong"
    wrong = "resize=8,crop=8,filter=bilinear,mean=0.5,0.5,0.5,std=1,1,1"
    calibrate_model(model, photos, out, count=2, recipe=wrong)
    with pytest.raises(MismatchError, match=r"wrong: .*mean \[0\.5, 0\.5, 0\.5\] instead of \[0"):
        quantize_model(model, out)
    assert not model.with_name("model.int8.onnx").exists()
    told = regcore("quantize", model, "--calibration", out)
    assert told.exit_code == 5


def test_a_model_without_a_recipe_takes_the_calibrations(photos: Path, tmp_path: Path) -> None:
    silent = save_model(tmp_path / "silent.onnx", says_recipe=False)
    calibrate_model(silent, photos, tmp_path / "out", count=2, recipe="regnety_016")
    said: list[str] = []
    made = quantize_model(silent, tmp_path / "out", log=said.append)
    assert any("taking the recipe" in line for line in said)
    metadata = ModelMetadata.from_properties(made.path, properties(made.path))
    assert metadata is not None
    assert metadata.recipe == RECIPE


def test_what_is_refused(model: Path, calibration: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="percentile is for --method percentile"):
        quantize_model(model, calibration, percentile=99.9)
    made = quantize_model(model, calibration)
    with pytest.raises(UsageError, match="quantised already"):
        quantize_model(made.path, calibration, tmp_path / "twice.onnx")
    again = quantize_model(model, calibration)  # its own file is replaced
    assert PROPERTY in properties(again.path)
    (tmp_path / "other.onnx").write_bytes(b"mine")
    with pytest.raises(UsageError, match=r"other\.onnx"):
        quantize_model(model, calibration, tmp_path / "other.onnx")


def test_a_fixed_batch_size(photos: Path, tmp_path: Path) -> None:
    model = save_model(tmp_path / "fixed.onnx", batch=2)
    calibrate_model(model, photos, tmp_path / "three", count=3)
    with pytest.raises(UsageError, match="takes batches of 2, and there are 3"):
        quantize_model(model, tmp_path / "three")
    calibrate_model(model, photos, tmp_path / "four", count=4)
    assert quantize_model(model, tmp_path / "four").form.agreement.images == 4


@pytest.mark.parametrize("to", ["int8-qdq", "fp16"])
def test_an_image_size_that_may_vary(
    model: Path, calibration: Path, tmp_path: Path, to: str
) -> None:
    """As exporters for several sizes leave it: padding then follows from each image's size."""
    varying = onnx.load(model)
    for side, name in ((2, "height"), (3, "width")):
        varying.graph.input[0].type.tensor_type.shape.dim[side].dim_param = name
    path = tmp_path / "varying.onnx"
    onnx.save(varying, path)
    made = quantize_model(path, calibration, to=to)
    assert made.form.agreement.same_top1 == 4
    prepared = np.load(calibration / "calibration.npy")
    for more in (0, 18):
        images = np.pad(prepared, ((0, 0), (0, 0), (0, more), (0, more)), "edge")
        theirs = scores(path, images)
        assert np.abs(scores(made.path, images) - theirs).max() < 0.2 * np.abs(theirs).max()
    assert compare_layers(made.path, calibration, against=path).form.images == 4


@pytest.mark.parametrize("more", [{}, {"search": 1}, {"to": "fp16"}])
def test_a_model_of_two_outputs(photos: Path, tmp_path: Path, more: dict[str, Any]) -> None:
    model = save_model(tmp_path / "two.onnx", extra_output=True)
    calibrate_model(model, photos, tmp_path / "images", count=2)
    with pytest.raises(BackendError, match=r"by --output: class float32 .*, colour float32"):
        quantize_model(model, tmp_path / "images", **more)
    made = quantize_model(model, tmp_path / "images", output="class", **more)
    outputs = onnx.load(made.path).graph.output
    assert [one.name for one in outputs] == ["class", "colour"]
    asked = ("quantize", model, "--calibration", tmp_path / "images", "--output", "class")
    assert regcore(*asked).exit_code == 0


def test_a_calibration_of_another_size(calibration: Path, tmp_path: Path) -> None:
    other = save_model(tmp_path / "other.onnx", size=16)
    with pytest.raises(BackendError, match=r"takes image .* 16, 16\], but the recipe gives"):
        quantize_model(other, calibration)


def test_the_command(model: Path, calibration: Path, tmp_path: Path) -> None:
    asked = ("quantize", model, "--calibration", calibration, "--out", tmp_path / "q.onnx")
    told = regcore(*asked, "--method", "percentile", "--percentile", 99.9)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("q.onnx, by ONNX Runtime ")
    assert len(told.stdout.splitlines()) == 2
    assert "ranges by percentile of 4 images" in told.stdout


def test_nan_among_the_scores_ranks_last_and_is_told(photos: Path, tmp_path: Path) -> None:
    """As of a root of scores, some of which are below 0: NumPy's argmax takes NaN for the best."""
    path = save_graph(
        tmp_path / "root.onnx",
        [
            ("GlobalAveragePool", ["image"], ["pooled"], {}),
            ("Flatten", ["pooled"], ["flat"], {}),
            ("MatMul", ["flat", "weights"], ["sums"], {"name": "sums"}),
            ("Add", ["sums", "bias"], ["scores"], {}),
            ("Sqrt", ["scores"], ["class"], {}),
        ],
        ("float32", ["N", 4]),
        constants={
            "weights": np.eye(3, 4, dtype=np.float32),
            # Always NaN, NaN where 8 bits round to below 0, and numbers.
            "bias": np.array([-9, 1, 2, 9], np.float32),
        },
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
    )
    calibrate_model(path, photos, tmp_path / "calibration", count=4)
    told = regcore("quantize", path, "--calibration", tmp_path / "calibration")
    assert "same top-1 as" in told.stdout
    assert "NaN among the scores of 4 images, of those of" in told.stdout
    made = quantize_model(path, tmp_path / "calibration")
    found = made.to_dict()["agreement"]
    assert (found["nan_images"], found["original_nan_images"]) == (4, 4)
    theirs = np.array([[np.nan, 1, 3, 2], [np.nan] * 4], np.float32)
    ours = np.array([[0, np.nan, 3, 1], [np.nan] * 4], np.float32)
    assert agreement(ours, theirs).same_top1 == 2
    layers = compare_layers(made.path, tmp_path / "calibration", against=path).form.layers
    assert {layer.operator: layer.float32_nan for layer in layers}["Sqrt"] == 4

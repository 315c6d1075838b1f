"""The layers of an int8 and of a float16 model beside those of float32."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import regcore
from onnx_models import save_graph

from regcore import (
    BackendError,
    MismatchError,
    UsageError,
    calibrate_model,
    compare_layers,
    quantize_model,
)
from regcore.convert.onnx.float16 import to_float16
from regcore.models.metadata import ModelMetadata
from regcore.recipes.recipe import Recipe

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

SMALL = Recipe(resize=8, crop=8, filter="bilinear", mean=(0, 0, 0), std=(1, 1, 1))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    random = np.random.default_rng(1)
    return save_graph(
        tmp_path / "model.onnx",
        [
            ("Conv", ["image", "w1"], ["a"], {"name": "first"}),
            ("Relu", ["a"], ["b"], {"name": "relu"}),
            ("Conv", ["b", "w2"], ["c"], {"name": "second"}),
            ("GlobalAveragePool", ["c"], ["d"], {"name": "pool"}),
            ("Mul", ["d", "large"], ["e"], {"name": "scaled"}),
            ("Flatten", ["e"], ["class"], {"name": "flat"}),
        ],
        ("float32", ["N", 5]),
        constants={
            "w1": random.normal(size=(4, 3, 3, 3)).astype(np.float32),
            "w2": np.abs(random.normal(size=(5, 4, 3, 3))).astype(np.float32),
            "large": np.array(300, np.float32),
        },
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=13,
    )


@pytest.fixture
def calibration(model: Path, photos: Path, tmp_path: Path) -> Path:
    calibrate_model(model, photos, tmp_path / "calibration", count=4)
    return tmp_path / "calibration"


def values(path: Path, name: str, images: object) -> Any:
    """Of a tensor inside a model, by its own session without optimisation."""
    made = onnx.load(path)
    made.graph.output.append(onnx.helper.make_empty_tensor_value_info(name))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(made.SerializeToString(), options)
    return session.run([name], {"image": images})[0]


def test_the_ratio_is_that_of_the_values(model: Path, calibration: Path) -> None:
    int8 = quantize_model(model, calibration).path
    form = compare_layers(int8, calibration, against=model).form
    layers = {layer.layer: layer for layer in form.layers}
    assert "first" not in layers  # which is merged with its Relu
    assert [one.layer for one in sorted(form.layers, key=lambda one: one.place)] == [
        "relu", "second", "pool", "scaled", "flat",
    ]  # fmt: skip
    images = np.load(calibration / "calibration.npy")
    theirs = values(model, "c", images).astype(float)
    ours = values(int8, "c_DequantizeLinear_Output", images).astype(float)
    expected = 10 * np.log10((theirs**2).sum() / ((theirs - ours) ** 2).sum())
    assert layers["second"].signal_to_noise_db == pytest.approx(expected, abs=0.2)
    before = layers["relu"].signal_to_noise_db
    assert before is not None
    assert layers["second"].step_db == pytest.approx(before - expected, abs=0.2)
    ratios = [one.signal_to_noise_db for one in form.layers]
    assert ratios == sorted(ratios, key=lambda ratio: ratio or 0)


def test_float16_is_nearer_until_it_overflows(model: Path, photos: Path, tmp_path: Path) -> None:
    half = tmp_path / "half.onnx"
    onnx.save(to_float16(onnx.load(model)), half)
    form = compare_layers(half, photos, against=model, count=3).form
    assert form.images == 3
    assert form.first_low is None
    assert min(one.signal_to_noise_db or 99 for one in form.layers) > 40
    made = onnx.load(half)
    for tensor in made.graph.initializer:
        if tensor.name in {"large", "w2"}:
            values = 100 * onnx.numpy_helper.to_array(tensor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    onnx.save(made, half)
    form = compare_layers(half, photos, against=model).form
    assert form.first_low == "second"
    assert form.layers[0].layer in {"scaled", "flat"}
    assert form.layers[0].not_finite > 0
    told = regcore("layers", half, photos, "--against", model)
    assert "values are NaN or infinite" in told.stdout


def test_a_model_beside_itself_has_no_noise(model: Path, calibration: Path) -> None:
    form = compare_layers(model, calibration, against=model).form
    assert {one.signal_to_noise_db for one in form.layers} == {None}
    assert (form.first_low, form.largest_step) == (None, None)


def test_the_command(model: Path, calibration: Path, tmp_path: Path) -> None:
    int8 = quantize_model(model, calibration).path
    told = regcore("layers", int8, calibration, "--against", model, "--out", tmp_path / "run")
    assert told.exit_code == 0, told.output
    lines = told.stdout.splitlines()
    assert lines[0].startswith("5 layers of model.int8.onnx beside model.onnx on 4 images")
    assert lines[1] == "none is below 20 dB"
    written = json.loads((tmp_path / "run" / "layers.json").read_text())
    again = regcore("layers", int8, calibration, "--against", model, "--json")
    assert json.loads(again.stdout) == written
    assert len(written["layers"]) == 5


def test_what_is_refused(model: Path, calibration: Path, tmp_path: Path) -> None:
    made = onnx.load(model)
    for node in made.graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if len(name) == 1:
                    names[place] = f"{name}_"
        node.output[0] += "" if node.output[0] == "class" else "_"
        node.input[0] += "" if node.input[0] == "image" else "_"
    made.graph.node[-1].output[0] = "scores"
    made.graph.output[0].name = "scores"
    onnx.save(made, tmp_path / "renamed.onnx")
    with pytest.raises(MismatchError, match="have no layer in common"):
        compare_layers(tmp_path / "renamed.onnx", calibration, against=model)
    with pytest.raises(UsageError, match="count"):
        compare_layers(model, calibration, against=model, count=0)
    (tmp_path / "layers.json").write_text("mine")
    with pytest.raises(UsageError, match=r"layers\.json"):
        compare_layers(model, calibration, against=model, out=tmp_path)


def test_values_that_are_not_finite_in_float32_either(
    photos: Path, calibration: Path, tmp_path: Path
) -> None:
    """As those of a mask, and of logarithms of 0."""
    mask = np.ones((1, 4, 1, 1), bool)
    mask[0, 2] = False
    path = save_graph(
        tmp_path / "masked.onnx",
        [
            ("Conv", ["image", "w"], ["c"], {"name": "conv"}),
            ("Where", ["mask", "c", "lowest"], ["m"], {"name": "where"}),
            ("Softmax", ["m"], ["s"], {"name": "soft", "axis": 1}),
            ("GlobalAveragePool", ["s"], ["pooled"], {"name": "pool"}),
            ("Flatten", ["pooled"], ["class"], {"name": "flat"}),
        ],
        ("float32", ["N", 4]),
        constants={
            "w": np.random.default_rng(1).normal(size=(4, 3, 3, 3)).astype(np.float32),
            "mask": mask,
            "lowest": np.full((1, 4, 1, 1), -np.inf, np.float32),
        },
        properties=ModelMetadata(SMALL, "small", "none").to_properties(),
        opset=13,
    )
    half = tmp_path / "half.onnx"
    onnx.save(to_float16(onnx.load(path)), half)
    form = compare_layers(half, photos, against=path, out=tmp_path / "run").form
    layers = {layer.layer: layer for layer in form.layers}
    assert {(layer.not_finite, layer.float32_nan) for layer in form.layers} == {(0, 0)}
    assert all((layer.signal_to_noise_db or 0) > 40 for layer in form.layers)
    assert layers["where"].signal_to_noise_db == pytest.approx(
        layers["conv"].signal_to_noise_db, abs=3
    )
    assert "NaN" not in (tmp_path / "run" / "layers.json").read_text()


def test_models_that_say_no_recipe_take_the_calibrations(
    model: Path, calibration: Path, photos: Path
) -> None:
    silent = onnx.load(model)
    del silent.metadata_props[:]
    onnx.save(silent, model)
    assert compare_layers(model, calibration, against=model).form.images == 4
    with pytest.raises(UsageError, match="does not say how it wants its images"):
        compare_layers(model, photos, against=model)


def test_models_of_two_recipes_are_not_compared(model: Path, photos: Path, tmp_path: Path) -> None:
    other = Recipe(resize=8, crop=8, filter="bilinear", mean=(0.5, 0, 0), std=(1, 1, 1))
    made = onnx.load(model)
    onnx.helper.set_model_props(made, ModelMetadata(other, "other", "none").to_properties())
    onnx.save(made, tmp_path / "other.onnx")
    with pytest.raises(MismatchError, match=r"other\.onnx wants .*mean \[0\.5, 0.* instead of \[0"):
        compare_layers(tmp_path / "other.onnx", photos, against=model)


def test_weights_that_are_missing_are_named(model: Path, photos: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.onnx"
    onnx.save(
        onnx.load(model), outside, save_as_external_data=True, location="w.data", size_threshold=0
    )
    (tmp_path / "w.data").unlink()
    for pair in ((outside, model), (model, outside)):
        with pytest.raises(BackendError, match=r"outside\.onnx: its weights in w\.data: .*missing"):
            compare_layers(pair[0], photos, against=pair[1])

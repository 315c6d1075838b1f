"""regcore export: the model that arrives is the one that was trained."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from command_line import regcore
from exported_models import REFUSALS, ExportedModels
from labelled_photos import LabelledPhotos
from onnx_models import save_model

from regcore import MismatchError, Preprocessor, Recipe
from regcore.backends.registry import open_backend, read_metadata
from regcore.convert.onnx.check_scores import ExportCheck, images_to_compare
from regcore.convert.onnx.float16 import to_float16
from regcore.convert.onnx.fuse_preprocess import PREFIX
from regcore.convert.onnx.torch_exporter import OnnxExport
from regcore.errors import BackendError
from regcore.inference.evaluate import Evaluation, evaluate
from regcore.models.metadata import ModelMetadata, is_exported
from regcore.models.tensors import TensorSpec
from regcore.models.timm.weights import read_weights

LITE0 = Recipe.preset("tf_efficientnet_lite0")


def evaluation(model: Path, photos: LabelledPhotos) -> Evaluation:
    paths, labels = photos.read()
    metadata = read_metadata(model)
    with open_backend(model) as backend:
        preprocessor = Preprocessor(metadata.recipe)
        return evaluate(preprocessor, backend, paths, labels, batch_size=16)


@pytest.fixture(scope="module")
def float_evaluation(
    exported_models: ExportedModels, labelled_photos: LabelledPhotos
) -> Evaluation:
    return evaluation(exported_models.path("lite0"), labelled_photos)


def test_real_weights_get_the_known_accuracy(
    float_evaluation: Evaluation, labelled_photos: LabelledPhotos
) -> None:
    assert float_evaluation.topn.hits.tolist() == labelled_photos.hits


def test_a_fused_model_has_the_same_top1(
    exported_models: ExportedModels,
    labelled_photos: LabelledPhotos,
    float_evaluation: Evaluation,
) -> None:
    fused = evaluation(exported_models.path("fused"), labelled_photos)
    np.testing.assert_array_equal(fused.indices[:, 0], float_evaluation.indices[:, 0])
    assert len(fused.indices) == len(list(labelled_photos.folder.iterdir()))


def test_what_export_says(exported_models: ExportedModels) -> None:
    outcome = exported_models.outcomes["lite0"]
    assert outcome.exit_code == 0
    words = "4.65 M parameters, opset 11 (the lowest that atc takes), takes float32 nchw"
    assert f"tf_efficientnet_lite0.in1k, {words}" in outcome.stdout
    assert "same top-1 as torch on 20 of 20 ImageNet photos" in outcome.stdout
    assert f"wrote {exported_models.folder / 'lite0.onnx'}" in outcome.stderr


def test_the_recipe_travels_with_the_model(exported_models: ExportedModels) -> None:
    metadata = read_metadata(exported_models.path("lite0"))
    assert metadata.recipe == LITE0
    assert metadata.name == "tf_efficientnet_lite0.in1k"
    assert metadata.weights.startswith("sha256:")


def test_fused_normalisation_is_exact(exported_models: ExportedModels) -> None:
    for name, layout in (("fused", "nhwc"), ("half", "nchw")):
        answer = exported_models.outcomes[name].answer
        assert answer["normalisation_difference"] == 0.0
        assert answer["recipe"]["dtype"] == "uint8"
        assert answer["recipe"]["layout"] == layout
        assert answer["agreement"]["same_top1"] == 20
    with open_backend(exported_models.path("fused")) as backend:
        assert backend.inputs == (TensorSpec("image", (None, 224, 224, 3), "uint8"),)


def test_half_precision(exported_models: ExportedModels) -> None:
    agreement = exported_models.outcomes["half"].answer["agreement"]
    assert 1e-4 < agreement["largest_difference"] < 0.2
    whole, half = exported_models.path("lite0"), exported_models.path("half")
    assert half.stat().st_size < 0.52 * whole.stat().st_size
    with open_backend(half) as backend:
        assert backend.inputs[0].dtype == "uint8"
        assert backend.outputs[0].dtype == "float32"


def test_float16_leaves_a_fused_normalisation_alone(
    exported_models: ExportedModels, demo_photos: list[str], tmp_path: Path
) -> None:
    onnx = pytest.importorskip("onnx")
    fused = exported_models.path("fused")
    converted = tmp_path / "converted.onnx"
    onnx.save(to_float16(onnx.load(fused)), converted)
    pixels = Preprocessor(read_metadata(fused).recipe)(demo_photos[:4])
    with open_backend(fused) as whole, open_backend(converted) as half:
        assert half.inputs == whole.inputs
        np.testing.assert_allclose(half.run(pixels), whole.run(pixels), atol=0.2)
    kinds = {tensor.name: tensor.data_type for tensor in onnx.load(converted).graph.initializer}
    kept = {name for name, kind in kinds.items() if kind == onnx.TensorProto.FLOAT}
    assert kept == {f"{PREFIX}{name}" for name in ("scale", "mean", "std")}


def test_regnety_as_in_the_guide(exported_models: ExportedModels) -> None:
    onnx = pytest.importorskip("onnx")
    outcome = exported_models.outcomes["regnety_016"]
    assert outcome.answer["parameters"] == 11_202_430
    assert outcome.answer["model"] == "regnety_016.pycls_in1k"
    assert "timm's own default, regnety_016.tv2_in1k, has other weights" in outcome.stderr
    path = exported_models.path("regnety_016")
    assert read_metadata(path).recipe == Recipe.preset("regnety_016")
    model = onnx.load(path)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 11)]
    shape = model.graph.input[0].type.tensor_type.shape
    assert shape.dim[0].dim_param == "-1"
    with open_backend(path) as backend:
        assert backend.inputs == (TensorSpec("image", (None, 3, 224, 224), "float32"),)
        assert backend.outputs == (TensorSpec("class", (None, 1000), "float32"),)
        batch = np.random.default_rng(0).standard_normal((16, 3, 224, 224), np.float32)
        scores = backend.run(batch)
        assert scores.shape == (16, 1000)
        np.testing.assert_allclose(backend.run(batch[:1]), scores[:1], rtol=1e-3, atol=1e-4)


def test_the_size_that_timm_tests_with(exported_models: ExportedModels) -> None:
    answer = exported_models.outcomes["test size"].answer
    assert (answer["recipe"]["resize"], answer["recipe"]["crop"]) == (288, 288)
    assert answer["agreement"]["same_top1"] == 20
    with open_backend(exported_models.path("test size")) as backend:
        assert backend.inputs == (TensorSpec("image", (None, 3, 288, 288), "float32"),)


def test_the_newer_exporter(exported_models: ExportedModels) -> None:
    if "dynamo" not in exported_models.outcomes:
        pytest.skip("needs onnxscript")
    answer = exported_models.outcomes["dynamo"].answer
    assert (answer["opset"], answer["agreement"]["same_top1"]) == (18, 20)
    assert answer["opset_reason"] == "the lowest of torch's newer exporter"
    with open_backend(exported_models.path("dynamo")) as backend:
        assert backend.inputs == (TensorSpec("image", (None, 3, 224, 224), "float32"),)
        assert backend.outputs == (TensorSpec("class", (None, 1000), "float32"),)


def test_a_model_that_opset_11_cannot_hold(exported_models: ExportedModels) -> None:
    outcome = exported_models.outcomes["vit"]
    assert outcome.exit_code == 0, outcome.stderr
    assert outcome.answer["opset"] == 14
    assert outcome.answer["opset_reason"] == (
        "the lowest that holds the model, as 11 has nothing for "
        "the operator aten::scaled_dot_product_attention"
    )
    assert outcome.answer["agreement"]["same_top1"] == 20
    told = outcome.stderr.splitlines()
    assert len(told) == 2
    assert "taking opset 14, the lowest that holds it" in told[0]


_REFUSED = {
    "unknown model": (2, "timm has no model 'regnety_16'; near it are regnety_160, regnety_016"),
    "unknown tag": (2, "there are regnety_016.tv2_in1k, regnety_016.pycls_in1k"),
    "ambiguous": (2, "resnet50 has tags that want different images"),
    "other keys": (4, "247 missing (conv_stem.weight, bn1.weight, bn1.bias, ...)"),
    "other classes": (4, "classifier.weight (1000, 1280) instead of (10, 1280)"),
    "code": (4, "holds posix.system, which could run code"),
    "broken": (4, "not a file of weights"),
    "broken safetensors": (4, "not a safetensors file"),
    "two sets": (4, "several sets of weights (state_dict_ema, state_dict)"),
    "no tensors": (4, "not a state dict"),
    "md5": (5, ", not fb4fc8ffd7cbf1a209d66a5ca621b451"),
    "sha256": (5, ", not 00"),
    "old opset": (4, "opset 7 has nothing for the operator expand of this model: --opset 14"),
    "opset without it": (4, "opset 13 has nothing for the operator aten::scaled_dot_product"),
    "opset": (2, "opsets after 20 need"),
    "dynamo opset": (2, "writes opset 18 or later"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_refusals_are_one_line_and_write_nothing(
    exported_models: ExportedModels, name: str
) -> None:
    code, words = _REFUSED[name]
    outcome = exported_models.outcomes[f"refused: {name}"]
    assert words in outcome.stderr
    assert outcome.exit_code == code
    assert outcome.stderr.count("\n") == 1
    assert outcome.stdout == ""
    left = {path.name for path in exported_models.folder.iterdir()}
    assert not {"refused.onnx", "executed"} & left
    assert not [file for file in left if file.endswith(".tmp")]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("a.onnx",), 2, "expected WEIGHTS and OUT.onnx, not 1 file "),
        (("w.pth", "a.onnx", "--pretrained"), 2, "expected only OUT.onnx with --pretrained"),
        (("a.onnx", "--pretrained", "--md5", "0"), 2, "--md5 and --sha256 are for a file"),
        (("w.pth", "a.onnx", "--layout", "nhwc"), 2, "needs --fuse-preprocess"),
        (("w.pth", "no/such/a.onnx"), 4, "no/such: no such folder to write a.onnx into"),
        (("w.pth", "model.pb"), 2, "model.pb: the name of the result must end in .onnx"),
    ],
)
def test_arguments_that_make_no_sense(arguments: tuple[str, ...], code: int, words: str) -> None:
    result = regcore("export", "regnety_016", *arguments)
    assert words in result.stderr
    assert result.exit_code == code


def test_a_model_that_differs_from_torch_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnx = pytest.importorskip("onnx")
    from regcore.convert.onnx import export

    made = OnnxExport(onnx.load(save_model(tmp_path / "made.onnx")), "as asked for")
    monkeypatch.setattr(export, "export_onnx", lambda *_, **__: made)
    for difference in (0.02, float("nan")):
        other = ExportCheck(20, "photos", 20, difference, 10.0, nan_images=0, original_nan_images=0)
        monkeypatch.setattr(export, "compare", lambda *_, other=other: other)
        with pytest.raises(MismatchError, match=r"differs from torch by .* nothing was written"):
            export.export_model(None, ModelMetadata(LITE0), tmp_path / "out.onnx", None)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["made.onnx"]


def test_targets(tmp_path: Path) -> None:
    (tmp_path / "folder.onnx").mkdir()
    result = regcore("export", "regnety_016", "w.pth", tmp_path / "folder.onnx")
    assert result.exit_code == 4
    assert "folder.onnx: is a folder, not a file to write" in result.stderr
    (tmp_path / "folder.onnx").chmod(0o500)
    if not os.access(tmp_path / "folder.onnx", os.W_OK):
        result = regcore("export", "regnety_016", "w.pth", tmp_path / "folder.onnx" / "a.onnx")
        assert "no permission to write a.onnx there" in result.stderr


@pytest.mark.slow
def test_a_file_of_others_stays(tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    content = model.read_bytes()
    weights = tmp_path / "w.pth"
    weights.write_bytes(b"weights")
    (tmp_path / "link.onnx").symlink_to(weights)
    for out, options, words in (
        (model, (), "--force"),
        (tmp_path / "link.onnx", ("--force",), "over the input"),
        (tmp_path / "pipe.onnx", ("--force",), "is a device or pipe"),
    ):
        if out.name == "pipe.onnx":
            os.mkfifo(out)
        result = regcore("export", "regnety_016.pycls_in1k", weights, out, *options)
        assert result.exit_code != 0
        assert words in result.stderr
        assert result.stderr.count("\n") == 1
    assert (model.read_bytes(), weights.read_bytes()) == (content, b"weights")
    result = regcore("export", "regnety_016.pycls_in1k", weights, model, "--force")
    assert "w.pth: refused" in result.stderr


def test_weights_that_are_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.pth")
    (tmp_path / "folder.pth").mkdir()
    for name in ("w.pth", "folder.pth", "/dev/zero"):
        weights = tmp_path / name
        with pytest.raises(BackendError, match="is no regular file"):
            read_weights(weights)


def test_what_export_wrote_is_recognised(tmp_path: Path) -> None:
    path = save_with_metadata(tmp_path / "m.onnx", ModelMetadata(LITE0).to_properties())
    assert is_exported(path)
    assert not is_exported(save_with_metadata(path, {"recipe": "regcore.recipe"}))
    path.write_bytes(b"regcore.recipe")
    assert not is_exported(path)


def test_images_to_compare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for i in range(130):
        (tmp_path / f"{i}.jpg").touch()
    picked = images_to_compare(tmp_path, LITE0).items
    assert len(picked) == 44
    assert str(picked[1]).endswith("3.jpg")
    monkeypatch.setattr("regcore.images.sample_photos.find_spec", lambda _: None)
    images = images_to_compare(None, LITE0)
    assert images.what == "random images"
    assert Preprocessor(LITE0)(images.items).shape == (16, 3, 224, 224)


def save_with_metadata(path: Path, properties: dict[str, str]) -> Path:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(save_model(path))
    onnx.helper.set_model_props(model, properties)
    onnx.save(model, path)
    return path


def test_commands_take_the_recipe_of_the_model(demo_photos: list[str], tmp_path: Path) -> None:
    properties = ModelMetadata(LITE0, "colours.v1").to_properties()
    model = save_with_metadata(tmp_path / "m.onnx", properties)
    (tmp_path / "labels.txt").write_text(f"{Path(demo_photos[0]).name} 1\n")
    command = ("run", model, demo_photos[0], "--labels", tmp_path / "labels.txt", "--json")
    result = regcore(*command, "--out", tmp_path / "out")
    assert json.loads(result.stdout)["recipe"] == f"colours.v1 ({LITE0.identity})"
    assert result.stderr.count("\n") == 1

    result = regcore(*command, "--out", tmp_path / "out", "--recipe", "regnety_016")
    assert json.loads(result.stdout)["recipe"].startswith("regnety_016 (")
    assert "mean [0.485, 0.456, 0.406] instead of [0.5, 0.5, 0.5]" in result.stderr

    result = regcore("preprocess", demo_photos[0], tmp_path / "bin", "--for", model)
    assert result.exit_code == 0, result.stderr
    (written,) = (tmp_path / "bin").glob("*.bin")
    assert written.read_bytes() == Preprocessor(LITE0)(demo_photos[:1]).tobytes()


def test_a_model_without_a_recipe(demo_photos: list[str], tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    (tmp_path / "labels.txt").write_text(f"{Path(demo_photos[0]).name} 1\n")
    labels = ("--labels", tmp_path / "labels.txt")
    result = regcore("run", model, demo_photos[0], *labels, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "does not say how it wants its images; say it with --recipe RECIPE" in result.stderr
    result = regcore("preprocess", demo_photos[0], tmp_path / "bin", "--for", model)
    assert result.exit_code == 2
    assert "give --recipe instead" in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nonsense", "Expecting value"),
        ("[1]", "Expected `object`"),
        ('{"resize": 5}', "missing fields"),
    ],
)
def test_metadata_that_makes_no_sense(tmp_path: Path, text: str, words: str) -> None:
    model = save_with_metadata(tmp_path / "m.onnx", {"regcore.recipe": text})
    with pytest.raises(BackendError, match=words) as caught:
        read_metadata(model)
    assert str(model) in str(caught.value)

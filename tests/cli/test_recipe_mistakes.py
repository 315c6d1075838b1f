"""What commands say of recipes that are wrong or do not fit, and what they then leave alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from command_line import regcore
from onnx_models import save_graph, save_model
from oracles import save_photos

from regcore import Recipe
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_file import read_onnx
from regcore.recipes.spelling import SOURCES

FIELDS = "resize=24,crop=16,filter=bilinear,mean=0.485,0.456,0.406,std=0.229,0.224,0.225"
MISTAKES = {
    "resize=24,crop=16": "does not say filter, mean, std; none of",
    f"{FIELDS},crop=8": "says crop twice",
    f"{FIELDS},exiv=apply": "no key 'exiv' (is it exif?); there are resize, crop,",
    f"{FIELDS},dtype=int8": "int8 needs the quant_scale of the model's input",
    FIELDS.replace("16", "sixteen"): "crop 'sixteen' is not pixels, as in 224",
    "regnety_16": "no recipe 'regnety_16' (is it regnety_016?)",
    "tim:resnet50": "no source of recipes 'tim' (is it timm?)",
    "hf:": "hf: needs more, as in hf:FOLDER",
    "keras:cafe,size=8,filter=box": "mode is one of caffe, tf, torch, not 'cafe'",
    "mlperf:resnet": "no MLPerf profile 'resnet'; there are resnet50-pytorch",
    "one\ntwo": r"no recipe 'one\ntwo'",
    "timm:a@b\nc": r"timm:a@b\nc: after @ comes only test",
}


def told(result: Result, code: int) -> str:
    """The one line of an error; answers there are none."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("regcore: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def model_of(path: Path, image: tuple[str, list[Any]], recipe: Recipe | None = None) -> Path:
    nodes = [("Cast", ["image"], ["cast"], {"to": 1}), ("Flatten", ["cast"], ["class"], {})]
    properties = None if recipe is None else ModelMetadata(recipe).to_properties()
    return save_graph(path, nodes, ("float32", None), image=image, properties=properties)


def recipe_in(model: Path) -> Recipe:
    metadata = read_onnx(model).metadata
    assert metadata is not None
    return metadata.recipe


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return model_of(tmp_path / "m.onnx", ("float32", ["N", 3, 16, 16]))


@pytest.mark.parametrize("text", MISTAKES)
def test_show_and_diff_say_what_is_wrong(text: str) -> None:
    assert MISTAKES[text] in told(regcore("recipe", "show", text), 2)
    assert MISTAKES[text] in told(regcore("recipe", "diff", "regnety_016", text), 2)
    assert MISTAKES[text] in told(regcore("recipe", "diff", text, "regnety_016"), 2)


@pytest.mark.parametrize("text", MISTAKES)
def test_a_wrong_recipe_is_not_embedded(text: str, model: Path) -> None:
    before = model.read_bytes()
    assert MISTAKES[text] in told(regcore("recipe", "embed", text, model), 2)
    assert model.read_bytes() == before


@pytest.mark.parametrize("text", MISTAKES)
def test_commands_with_a_wrong_recipe_begin_nothing(text: str, model: Path, tmp_path: Path) -> None:
    photos, out, labels = tmp_path / "photos", tmp_path / "out", tmp_path / "labels.txt"
    names = save_photos(photos, 2)
    labels.write_text("".join(f"{name} 0\n" for name in names))
    for command in (
        ("preprocess", photos, out),
        ("infer", model, photos, out),
        ("run", model, photos, "--labels", labels, "--out", out),
        ("profile", model, photos),
        ("export", "my_models:net", tmp_path / "net.onnx"),
        ("convert", model, "--to", "om", "--soc", "Ascend310P3", "--aipp"),
    ):
        result = regcore(*command, "--recipe", text)
        assert result.exit_code == 2, (command, result.output)
        assert MISTAKES[text] in result.stderr
        assert result.stdout == ""
        assert not out.exists()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"m.onnx", "photos", "labels.txt"}


def test_a_file_that_is_not_there_or_no_recipe_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "recipe.json"
    assert f"{missing}: No such file" in told(regcore("recipe", "show", missing), 3)
    for prefix in ("hf", "openvino", "mmpretrain", "paddleclas"):
        assert f"{missing}: No such file" in told(
            regcore("recipe", "show", f"{prefix}:{missing}"), 3
        )
    missing.write_text(json.dumps({**Recipe().to_dict(), "crop": 1000}))
    line = told(regcore("recipe", "show", missing), 2)
    assert f"{missing}: recipe: needs 1 <= crop <= resize" in line


@pytest.mark.parametrize(
    ("name", "content", "spelling"),
    [
        ("preprocessor_config.json", {"image_processor_type": "ViTImageProcessor"}, "hf:"),
        ("config.json", {"architecture": "resnet50", "pretrained_cfg": {}}, "timm:"),
    ],
)
def test_a_file_of_another_tool_is_told_its_spelling(
    name: str, content: dict[str, Any], spelling: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(json.dumps(content))
    assert f"say {spelling}{path}" in told(regcore("recipe", "show", path), 2)


def test_the_examples_of_the_list_mean_something() -> None:
    listed = json.loads(regcore("recipe", "list", "--json").stdout)["spellings"]
    examples = [spelling["example"] for spelling in listed]
    assert set(Recipe.presets()) < set(examples)
    prefixes = [example.partition(":")[0] for example in examples]
    assert all(prefix in prefixes for prefix in SOURCES)
    for example in examples:
        if not example.startswith(("timm:", "torchvision:")) and "F" not in example:
            assert regcore("recipe", "show", example).exit_code == 0, example


@pytest.mark.parametrize(
    ("shape", "recipe", "given"),
    [
        ([3, 24, 16], FIELDS, "[N, 3, 16, 16] (nchw)"),
        ([1, 16, 16], FIELDS, "[N, 3, 16, 16] (nchw)"),
        ([16, 16, 4], FIELDS, "[N, 3, 16, 16] (nchw)"),
        ([3, 16, 24], FIELDS.replace("=16", "=24x16"), "[N, 3, 24, 16] (nchw)"),
        ([16, 24, 3], FIELDS.replace("=16", "=24x16"), "[N, 24, 16, 3] (nhwc)"),
    ],
)
def test_what_does_not_fit_is_not_embedded(
    shape: list[int], recipe: str, given: str, tmp_path: Path
) -> None:
    model = model_of(tmp_path / "m.onnx", ("float32", ["N", *shape]))
    before = model.read_bytes()
    line = told(regcore("recipe", "embed", recipe, model), 4)
    assert f"takes image float32 {['N', *shape]}".replace("'", "") in line
    assert f"the recipe gives float32 {given}" in line
    assert model.read_bytes() == before


def test_another_recipe_stays_unless_forced(tmp_path: Path) -> None:
    own = Recipe.parse(FIELDS)
    model = model_of(tmp_path / "m.onnx", ("float32", ["N", 3, 16, 16]), own)
    before = model.read_bytes()
    other = FIELDS.replace("bilinear", "box")
    line = told(regcore("recipe", "embed", other, model), 2)
    assert f"has another recipe ({own.identity}" in line
    assert model.read_bytes() == before
    assert regcore("recipe", "embed", other, model, "--force").exit_code == 0
    assert recipe_in(model) == Recipe.parse(other)


def test_all_but_the_recipe_stays_in_the_model(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    content = onnx.load(model)
    content.doc_string = "a net of ours"
    onnx.helper.set_model_props(content, {"licence": "ours", "made": "here"})
    onnx.save(content, model)
    assert regcore("recipe", "embed", "regnety_016", model).exit_code == 0
    written = onnx.load(model)
    assert {"licence": "ours", "made": "here"}.items() <= {
        pair.key: pair.value for pair in written.metadata_props
    }.items()
    del written.metadata_props[:]
    del content.metadata_props[:]
    assert written == content


def test_a_model_that_cannot_be_written_stays(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = model.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("regcore.files.atomic._sync", full)
        line = told(regcore("recipe", "embed", FIELDS, model), 4)
    assert "m.onnx: cannot write: No space left on device" in line
    assert model.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["m.onnx"]


def test_results_go_neither_over_other_files_nor_to_other_names(
    model: Path, tmp_path: Path
) -> None:
    other = model_of(tmp_path / "other.onnx", ("float32", ["N", 3, 16, 16]))
    before = other.read_bytes()
    line = told(regcore("recipe", "embed", FIELDS, model, "-o", other), 2)
    assert "other.onnx" in line
    assert other.read_bytes() == before
    line = told(regcore("recipe", "embed", FIELDS, model, "-o", tmp_path / "m.txt"), 2)
    assert "must end in .onnx" in line
    nowhere = tmp_path / "nowhere" / "m.onnx"
    assert "no such folder" in told(regcore("recipe", "embed", FIELDS, model, "-o", nowhere), 4)
    assert read_onnx(model).metadata is None


@pytest.mark.parametrize("suffix", [".onnx", ".om", ".engine"])
def test_what_is_no_model_is_told_in_one_line(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"m{suffix}"
    path.write_bytes(b"nothing of the kind")
    for arguments in (("show", path), ("diff", path, "regnety_016"), ("embed", FIELDS, path)):
        assert path.name in told(regcore("recipe", *arguments), 4)
    assert path.read_bytes() == b"nothing of the kind"


def test_a_store_of_another_recipe_is_told_in_what(model: Path, tmp_path: Path) -> None:
    save_photos(tmp_path / "photos", 2)
    store = tmp_path / "store"
    assert regcore("preprocess", tmp_path / "photos", store, "--recipe", FIELDS).exit_code == 0
    other = FIELDS.replace("bilinear", "box")
    line = told(regcore("infer", model, store, tmp_path / "out", "--recipe", other), 5)
    assert "filter bilinear there, box here" in line
    line = told(regcore("preprocess", tmp_path / "photos", store, "--recipe", other), 5)
    assert "filter bilinear there, box here" in line

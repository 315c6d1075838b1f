"""`regcore recipe`, and --recipe of the commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from onnx_models import save_graph, save_model
from oracles import photo_like, save_photos
from PIL import Image
from vendor_tools import install

from regcore import Recipe, infer_images, open_store
from regcore.cli import cli
from regcore.models.metadata import ModelMetadata
from regcore.models.onnx_file import read_onnx

FIELDS = "resize=232,crop=224,filter=bilinear,mean=0.485,0.456,0.406,std=0.229,0.224,0.225"
RECIPE = Recipe.parse(FIELDS)


def regcore(*arguments: object, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def test_list_has_every_spelling() -> None:
    listed = regcore("recipe", "list").stdout
    for word in ("regnety_016", "timm:", "torchvision:", "hf:", "keras:", "FILE.json", "resize="):
        assert word in listed


def test_show_in_words_as_text_and_as_a_file(tmp_path: Path) -> None:
    shown = regcore("recipe", "show", FIELDS).stdout
    assert RECIPE.identity in shown
    assert "short side to 232 by bilinear" in shown
    text = regcore("recipe", "show", FIELDS, "--text").stdout.strip()
    assert text == FIELDS
    path = tmp_path / "recipe.json"
    path.write_text(regcore("recipe", "show", FIELDS, "--json").stdout)
    assert json.loads(path.read_text())["text"] == FIELDS
    assert RECIPE.identity in regcore("recipe", "show", path).stdout


def test_show_of_a_model_and_of_a_store(tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx")
    assert Recipe().identity in regcore("recipe", "show", model).stdout
    bare = save_model(tmp_path / "bare.onnx", says_recipe=False)
    told = regcore("recipe", "show", bare, code=2)
    assert "'regcore recipe embed' writes it in" in told.stderr
    save_photos(tmp_path / "photos", 2)
    regcore("preprocess", tmp_path / "photos", tmp_path / "store", "--recipe", FIELDS)
    assert open_store(tmp_path / "store").recipe == RECIPE
    assert RECIPE.identity in regcore("recipe", "show", tmp_path / "store").stdout


def test_diff_says_in_what_and_by_how_much() -> None:
    same = regcore("recipe", "diff", "regnety_016", "regnety_016")
    assert same.stdout == "the same recipe\n"
    told = regcore("recipe", "diff", "regnety_016", "tf_efficientnet_lite0", code=5)
    assert "mean: 0.485 0.456 0.406 -> 0.5 0.5 0.5" in told.stdout
    assert "768 of the values of a pixel over all channels differ, by 1.64 at most" in told.stdout
    assert told.stderr.count("\n") == 1
    told = regcore("recipe", "diff", "regnety_016", FIELDS, code=5)
    assert "the values of a pixel are the same" in told.stdout


def test_embed_into_an_onnx_file(tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    told = regcore("recipe", "embed", FIELDS, model)
    assert RECIPE.identity in told.stdout
    metadata = read_onnx(model).metadata
    assert metadata is not None
    assert metadata.recipe == RECIPE
    regcore("recipe", "embed", FIELDS, model)
    told = regcore("recipe", "embed", "regnety_016", model, code=2)
    assert "has another recipe" in told.stderr
    other = tmp_path / "other.onnx"
    regcore("recipe", "embed", "regnety_016", model, "-o", other, "--force")
    assert read_onnx(other).metadata == ModelMetadata(Recipe())
    assert read_onnx(model).metadata == metadata


def test_an_embedded_recipe_follows_the_model_and_must_fit(tmp_path: Path) -> None:
    nodes = [("Cast", ["image"], ["cast"], {"to": 1}), ("Flatten", ["cast"], ["class"], {})]
    model = save_graph(
        tmp_path / "m.onnx", nodes, ("float32", None), image=("uint8", ["N", 224, 224, 3])
    )
    told = regcore("recipe", "embed", FIELDS, model)
    assert "takes uint8 nhwc, instead of" in told.stderr
    assert "'s float32 nchw" in told.stderr
    metadata = read_onnx(model).metadata
    assert metadata is not None
    assert metadata.recipe == RECIPE.in_form("uint8", "nhwc")
    told = regcore("recipe", "embed", FIELDS.replace("224,", "200,"), model, code=4)
    assert "the model takes image uint8" in told.stderr


def test_weights_in_other_files_stay_where_they_are(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    content = onnx.load(model)
    onnx.save_model(content, model, save_as_external_data=True, location="m.data", size_threshold=0)
    before = (tmp_path / "m.data").read_bytes()
    regcore("recipe", "embed", "regnety_016", model)
    assert (tmp_path / "m.data").read_bytes() == before
    assert Recipe().identity in regcore("recipe", "show", model).stdout
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "elsewhere" / "m.onnx"
    told = regcore("recipe", "embed", "regnety_016", model, "-o", out, code=2)
    assert "choose a file in the same folder" in told.stderr


def test_embed_into_the_record_of_an_om(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path / "bin", "atc", "atc_stand_in.py")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    om = tmp_path / "m.om"
    regcore("convert", model, "--to", "om", "--soc", "Ascend310P3", "--out", om)
    regcore("recipe", "embed", FIELDS, om)
    assert RECIPE.identity in regcore("recipe", "show", om).stdout
    told = regcore("recipe", "embed", FIELDS, om, "-o", tmp_path / "n.onnx", code=2)
    assert "lies in its record m.om.json, not in -o" in told.stderr
    (tmp_path / "m.om.json").unlink()
    assert regcore("recipe", "embed", FIELDS, om, code=4).stderr


@pytest.mark.parametrize("command", ["run", "infer"])
def test_a_spelling_instead_of_what_the_model_says(tmp_path: Path, command: str) -> None:
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    names = save_photos(tmp_path / "photos", 3)
    (tmp_path / "labels.txt").write_text("".join(f"{name} 0\n" for name in names))
    out = ("--labels", tmp_path / "labels.txt", "--out", tmp_path / "out")
    where = out if command == "run" else (tmp_path / "out",)
    told = regcore(command, model, tmp_path / "photos", *where, "--recipe", FIELDS, "--json")
    assert f"{FIELDS} ({RECIPE.identity})" in told.stdout


def test_the_library_takes_recipes_and_spellings(tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    (tmp_path / "photos").mkdir()
    Image.fromarray(photo_like(300, 260)).save(tmp_path / "photos" / "a.png")
    scores = []
    for number, recipe in enumerate((RECIPE, FIELDS)):
        out = tmp_path / str(number)
        infer_images(model, tmp_path / "photos", out, recipe=recipe)
        scores.append(np.loadtxt(out / "dumpOutput_device0" / "a_1.txt"))
    assert np.array_equal(*scores)


def test_a_store_for_a_model_has_images_that_it_takes(tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx")
    save_photos(tmp_path / "photos", 2)
    made = ("preprocess", tmp_path / "photos", tmp_path / "store", "--for", model)
    smaller = FIELDS.replace("crop=224", "crop=200")
    told = regcore(*made, "--recipe", smaller, code=2)
    assert "takes images of 224 x 224, but" in told.stderr
    regcore(*made, "--recipe", FIELDS)


def test_what_a_model_leaves_out_of_a_recipe_is_told(tmp_path: Path) -> None:
    nodes = [("Cast", ["image"], ["cast"], {"to": 1}), ("Flatten", ["cast"], ["class"], {})]
    shape = ["N", 3, 224, 224]
    for dtype, recipe, words in (
        ("uint8", FIELDS, "mean and std are left to it"),
        ("float32", f"{FIELDS},dtype=int8,quant_scale=0.02", "the quantisation is left out"),
    ):
        model = save_graph(
            tmp_path / f"{dtype}.onnx", nodes, ("float32", None), image=(dtype, shape)
        )
        assert words in regcore("recipe", "embed", recipe, model).stderr
    model = save_graph(tmp_path / "int8.onnx", nodes, ("float32", None), image=("int8", shape))
    told = regcore("recipe", "embed", FIELDS, model, code=2)
    assert "lacks the scale: add quant_scale" in told.stderr


def test_a_model_of_others_is_not_replaced_because_of_its_recipe(tmp_path: Path) -> None:
    theirs = save_model(tmp_path / "theirs.onnx", says_recipe=False)
    regcore("recipe", "embed", FIELDS, theirs)
    before = theirs.read_bytes()
    model = save_model(tmp_path / "m.onnx", says_recipe=False)
    told = regcore("recipe", "embed", FIELDS, model, "-o", theirs, code=2)
    assert "--force" in told.stderr
    assert theirs.read_bytes() == before
    regcore("recipe", "embed", FIELDS, model, "-o", theirs, "--force")


def test_values_that_cannot_be_compared_are_told_as_such() -> None:
    for other in (f"{FIELDS},dtype=float16", FIELDS.replace("0.229", "1e-40")):
        told = regcore("recipe", "diff", FIELDS, other, code=5)
        assert "the values are of another kind" in told.stdout
        found = regcore("recipe", "diff", FIELDS, other, "--json", code=5).stdout
        assert json.loads(found)["largest"] is None


def test_other_channels_need_a_mean_of_their_own() -> None:
    told = regcore("recipe", "show", "regnety_016,channels=bgr", code=2)
    assert "need a mean and a std in their order" in told.stderr
    regcore("recipe", "show", "tf_efficientnet_lite0,channels=bgr")
    regcore("recipe", "show", "regnety_016,channels=bgr,mean=1,2,1,std=1,2,1,divisor=100")


def test_the_form_of_the_model_is_told_beside_its_own_recipe(tmp_path: Path) -> None:
    model = save_model(tmp_path / "m.onnx")
    save_photos(tmp_path / "photos", 2)
    made = ("infer", model, tmp_path / "photos", tmp_path / "out")
    told = regcore(*made, "--recipe", f"{FIELDS},dtype=float16")
    assert "takes float32 nchw, instead of" in told.stderr

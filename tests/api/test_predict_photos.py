"""regcore.predict_photos and `regcore predict`: the best classes by name, without labels."""

from __future__ import annotations

import json
import tarfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from api.colour_set import ColourSet
from command_line import regcore
from onnx_models import save_graph, save_model
from PIL import Image

from regcore import Preprocessor, Recipe, UsageError, predict_photos
from regcore.models.metadata import ModelMetadata

NAMES = ["red", "lime", "[bold]blue\x1b[31m"]


def names_file(folder: Path) -> Path:
    path = folder / "names.json"
    path.write_text(json.dumps(NAMES))
    return path


def best(content: dict[str, Any]) -> list[tuple[str, int, str | None]]:
    """Of each photo: its name, its first class and the name of that."""
    return [
        (Path(photo["image"]).name, photo["best"][0]["index"], photo["best"][0]["name"])
        for photo in content["photos"]
    ]


def test_the_command_answers_photos_and_folders_in_order(
    colours: ColourSet, tmp_path: Path
) -> None:
    blue = colours.photos / "2.JPEG"
    asked = ("predict", colours.model, blue, colours.photos, blue, "--class-names")
    result = regcore(*asked, names_file(tmp_path), "--json")
    assert result.exit_code == 0, result.output
    content = json.loads(result.stdout)
    assert content["complete"]
    assert content["names_from"] == "file"
    expected = [("2.JPEG", 2, NAMES[2])]
    folder = [(f"{i}.JPEG", i % 3, NAMES[i % 3]) for i in range(9)]
    assert best(content) == [*expected, *folder, *expected]
    assert [len(photo["best"]) for photo in content["photos"]] == [3] * 11

    photos = [blue, colours.photos, blue]
    assert predict_photos(colours.model, photos, class_names=NAMES).to_dict() == content


def test_photos_in_archives_and_lists_are_answered(colours: ColourSet, tmp_path: Path) -> None:
    shard = tmp_path / "shard.tar"
    with tarfile.open(shard, "w") as archive:
        for name in ("2.JPEG", "0.JPEG"):
            archive.add(colours.photos / name, name)
    listed = tmp_path / "some.lst"
    listed.write_text(f"{colours.photos / '1.JPEG'}\n")
    lacking = tmp_path / "lacking.zip"
    found = predict_photos(colours.model, [shard, listed, lacking], class_names=NAMES)
    answers = [(Path(photo.image).name, photo.best[0].name) for photo in found.photos]
    assert answers == [
        ("shard.tar::2.JPEG", NAMES[2]),
        ("shard.tar::0.JPEG", NAMES[0]),
        ("1.JPEG", NAMES[1]),
    ]
    assert [failed.path for failed in found.failed] == [str(lacking)]


def test_scores_and_probabilities_are_the_models(colours: ColourSet) -> None:
    special = pytest.importorskip("scipy.special")
    photo = colours.photos / "1.JPEG"
    found = predict_photos(colours.model, photo, top=2).photos[0].best
    image = Preprocessor(Recipe.preset("regnety_016"))([photo])
    scores = image.mean((2, 3))[0]
    order = np.argsort(-scores)[:2]
    assert [choice.index for choice in found] == order.tolist()
    np.testing.assert_allclose([choice.score for choice in found], scores[order], rtol=1e-3)
    expected = special.softmax(scores.astype(np.float64))[order]
    np.testing.assert_allclose([choice.probability for choice in found], expected, rtol=1e-3)


def test_a_softmax_is_not_taken_twice(colours: ColourSet, tmp_path: Path) -> None:
    model = save_graph(
        tmp_path / "softmax.onnx",
        [
            ("GlobalAveragePool", ["image"], ["pooled"], {}),
            ("Flatten", ["pooled"], ["colour"], {}),
            ("Softmax", ["colour"], ["class"], {}),
        ],
        ("float32", ["N", 3]),
        image=("float32", ["N", 3, 224, 224]),
        properties=ModelMetadata(Recipe.preset("regnety_016"), "x", "y").to_properties(),
    )
    for choice in predict_photos(model, colours.photos / "0.JPEG").photos[0].best:
        assert choice.probability == choice.score


@pytest.mark.parametrize("photos", [("0.JPEG",), ("0.JPEG", "1.JPEG", "2.JPEG")])
def test_a_sigmoid_gives_no_probability_among_classes(
    colours: ColourSet, tmp_path: Path, photos: tuple[str, ...]
) -> None:
    model = save_graph(
        tmp_path / "sigmoid.onnx",
        [
            ("GlobalAveragePool", ["image"], ["pooled"], {}),
            ("Flatten", ["pooled"], ["colour"], {}),
            ("Sigmoid", ["colour"], ["class"], {}),
        ],
        ("float32", ["N", 3]),
        image=("float32", ["N", 3, 224, 224]),
        properties=ModelMetadata(Recipe.preset("regnety_016"), "x", "y").to_properties(),
    )
    asked = ("predict", model, *(colours.photos / photo for photo in photos))
    answers = json.loads(regcore(*asked, "--json").stdout)["photos"]
    choices = [choice for photo in answers for choice in photo["best"]]
    assert {choice["probability"] for choice in choices} == {None}
    assert all(0 < choice["score"] < 1 for choice in choices)
    result = regcore(*asked)
    assert (result.exit_code, "%" in result.stdout) == (0, False)
    assert "the scores lie between 0 and 1 but do not add up to 1, as those of a" in result.stderr


def test_a_bad_photo_is_named_and_the_others_answered(colours: ColourSet, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.jpg").write_bytes(b"no photo")
    bad = [tmp_path / name for name in ("bad.jpg", "none.jpg", "empty")]
    good = [colours.photos / f"{i}.JPEG" for i in (0, 2)]
    result = regcore("predict", colours.model, good[0], *bad, good[1], "--json")
    assert result.exit_code == 3, result.output
    content = json.loads(result.stdout)
    assert not content["complete"]
    assert [(name, index) for name, index, _ in best(content)] == [("0.JPEG", 0), ("2.JPEG", 2)]
    assert {entry["path"] for entry in content["failed"]} == set(map(str, bad))
    for path in bad:
        assert f"regcore: {path}: " in result.stderr
    assert "INCOMPLETE: 2 answered, 3 bad" in result.stderr
    only = regcore("predict", colours.model, *bad)
    assert (only.exit_code, only.stdout) == (3, "")


def test_the_table_names_photos_and_classes(
    colours: ColourSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photo = Path("[red]a\nb.png")
    Image.new("RGB", (40, 30), "blue").save(photo)
    result = regcore(
        "predict", colours.model, photo, "--class-names", names_file(tmp_path), "--top", 1
    )
    assert result.exit_code == 0, result.output
    text = "".join(result.stdout.split())
    assert "[red]a\\nb.png2[bold]blue\\x1b[31m" in text
    assert "\x1b" not in result.stdout
    assert "lime" not in result.stdout


def test_names_in_the_model_are_taken(colours: ColourSet) -> None:
    onnx = pytest.importorskip("onnx")
    model = onnx.load(colours.model)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    onnx.helper.set_model_props(model, {**properties, "names": repr(dict(enumerate(NAMES)))})
    onnx.save(model, colours.model)
    content = predict_photos(colours.model, colours.photos).to_dict()
    assert content["names_from"] == "model"
    assert {name for _, _, name in best(content)} == set(NAMES)


def test_imagenets_names_are_those_of_a_models_tag(colours: ColourSet, tmp_path: Path) -> None:
    if find_spec("timm") is None:
        pytest.skip("needs timm, and its list of ImageNet's classes")
    onnx = pytest.importorskip("onnx")
    model = save_model(tmp_path / "thousand.onnx", weights=np.eye(3, 1000, 207))
    content = onnx.load(model)
    metadata = ModelMetadata(Recipe.preset("regnety_016"), "regnety_016.tv2_in1k", "x")
    onnx.helper.set_model_props(content, metadata.to_properties())
    onnx.save(content, model)
    said: list[str] = []
    found = predict_photos(model, colours.photos / "0.JPEG", top=1, log=said.append)
    assert found.names_from == "imagenet"
    assert found.photos[0].best[0].name == "golden retriever"
    assert said == []


def test_what_does_not_fit_is_refused(colours: ColourSet, tmp_path: Path) -> None:
    said: list[str] = []
    predict_photos(colours.model, colours.photos, log=said.append)
    told = "nobody says the names of the classes: give them with --class-names FILE, or "
    assert said == [f"{told}--class-names imagenet for ImageNet's"]
    with pytest.raises(UsageError, match="has names of 2 classes, the model has 3"):
        predict_photos(colours.model, colours.photos, class_names=NAMES[:2])
    with pytest.raises(UsageError, match="name at least one photo"):
        predict_photos(colours.model, [])
    lacking = regcore("predict", colours.model, colours.photos, "--class-names", tmp_path / "no")
    assert lacking.exit_code == 2
    assert f"{tmp_path / 'no'}: no such file" in lacking.stderr

"""The class that Ray Data calls, with batches as it gives them, against the preprocessor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles import assert_same_bytes

from regcore import DecodeError, Preprocessor, Recipe, UsageError
from regcore.ray import Preprocess

RECIPE = Recipe(resize=40, crop=32)
BAD = 7


def expected(photos: list[str]) -> Any:
    good = [path for i, path in enumerate(photos) if i != BAD]
    return np.insert(Preprocessor(RECIPE)(good), BAD, 0, axis=0)


def column(cells: list[Any]) -> Any:
    made = np.empty(len(cells), object)
    made[:] = cells
    return made


def forms(photos: list[str]) -> dict[str, dict[str, Any]]:
    contents = [Path(path).read_bytes() for path in photos]
    structs = [{"bytes": b, "path": p} for b, p in zip(contents, photos, strict=True)]
    return {
        "path": {"path": column(photos)},
        "bytes": {"bytes": column(contents), "name": column(photos)},
        "struct": {"image": column(structs)},
        "struct of paths": {"image": column([{"bytes": None, "path": path} for path in photos])},
    }


@pytest.mark.parametrize("form", ["path", "bytes", "struct", "struct of paths"])
def test_every_form_of_a_column(photos: list[str], form: str) -> None:
    batch = {**forms(photos)[form], "label": np.arange(len(photos)), "split": column(["val"] * 23)}
    preprocess = Preprocess(RECIPE, workers=2)
    assert repr(preprocess).startswith("<Preprocess: batches of tables by <Preprocessor: 3 x ")
    made = preprocess(batch)
    assert_same_bytes(made["image"], expected(photos))
    assert made["name"].tolist() == photos
    assert made["label"].tolist() == list(range(len(photos)))
    assert made["split"].tolist() == ["val"] * 23
    assert [bool(error) for error in made["error"]] == [i == BAD for i in range(len(photos))]
    assert "not" in made["error"][BAD] or "Not" in made["error"][BAD]
    assert not {"path", "bytes"} & made.keys()


def test_dtype_and_spelling(photos: list[str]) -> None:
    made = Preprocess(
        "resize=40,crop=32,filter=bilinear,mean=0.5,0.5,0.5,std=0.5,0.5,0.5",
        dtype="uint8",
        layout="nhwc",
    )({"path": column(photos[:BAD])})
    assert made["image"].dtype == np.uint8
    assert made["image"].shape == (BAD, 32, 32, 3)


def test_no_rows_and_empty_cells(photos: list[str]) -> None:
    preprocess = Preprocess(RECIPE)
    assert preprocess({"path": column([])})["image"].shape == (0, 3, 32, 32)
    made = preprocess({"image": column([None, {"bytes": None, "path": None}]), "name": "ab"})
    assert made["error"].tolist() == ["has no image", "has no image"]
    assert not made["image"].any()


def test_a_bad_image_may_raise(photos: list[str]) -> None:
    preprocess = Preprocess(RECIPE, on_error="raise")
    for form in ("path", "bytes"):
        with pytest.raises(DecodeError, match=rf"^{photos[BAD]}: ") as error:
            preprocess(forms(photos)[form])
        assert error.value.index == BAD


def test_columns_that_are_not_there(photos: list[str]) -> None:
    with pytest.raises(UsageError, match=r"no column of images \(path, bytes, image\) among file"):
        Preprocess(RECIPE)({"file": column(photos)})
    with pytest.raises(UsageError, match="no column id among path"):
        Preprocess(RECIPE, name="id")({"path": column(photos)})

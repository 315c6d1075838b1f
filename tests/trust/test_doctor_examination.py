"""Deliberate faults, each named by the stage that has it, and by what it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from regcore import Recipe
from regcore.trust.doctor import reference
from regcore.trust.doctor.builtin_pictures import Picture, builtin_pictures
from regcore.trust.doctor.examination import examine
from regcore.trust.doctor.findings import StageFound
from regcore.trust.doctor.peers import own, pillow
from regcore.trust.doctor.peers.protocol import Way

RECIPE = Recipe(resize=40, crop=36)
SWAPPED = replace(RECIPE, mean=RECIPE.std, std=RECIPE.mean)
SOUND: dict[str, Any] = {
    "decode": reference.decode,
    "resize": partial(reference.resize, recipe=RECIPE),
    "tensor": partial(reference.tensor, recipe=RECIPE),
}


@pytest.fixture(autouse=True)
def _level_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """regcore's own ways leave a level in the environment, as if this were their own process."""
    monkeypatch.setenv("REGCORE_SIMD", "portable")
    monkeypatch.delenv("REGCORE_SIMD")


def stages(recipe: Recipe = RECIPE, **faults: Callable[[Any], Any]) -> dict[str, StageFound]:
    way = Way("fake", **(SOUND | faults))
    (found,) = examine([way], recipe, builtin_pictures())
    return {stage.stage: stage for stage in found.stages}


def differing(found: dict[str, StageFound]) -> list[str]:
    return [name for name, stage in found.items() if stage.differs]


def causes(stage: StageFound) -> list[str]:
    return [cause.text for cause in stage.causes]


def test_nothing_wrong() -> None:
    found = stages()
    assert not differing(found)
    for stage in found.values():
        assert stage.equal == stage.compared == len(builtin_pictures())
        assert stage.values > 0


def test_bgr() -> None:
    found = stages(decode=lambda encoded: reference.decode(encoded)[..., ::-1])
    assert differing(found) == ["decode"]
    assert causes(found["decode"]) == ["gives the channels as BGR"]
    # Grey pictures are the same in both orders.
    assert {"jpeg-grey.jpg", "png-grey.png"}.isdisjoint(found["decode"].differs)


def test_exif_applied() -> None:
    def decode(encoded: bytes) -> Any:
        return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(encoded))).convert("RGB"))

    found = stages(decode=decode)["decode"]
    assert causes(found) == ["applies the EXIF orientation"]
    assert found.differs == [f"jpeg-exif-{number}.jpg" for number in range(2, 9)]
    assert found.other_sides == [f"jpeg-exif-{number}.jpg" for number in range(5, 9)]


def test_transparency_on_white() -> None:
    found = stages(decode=partial(reference.decode_on, 255))["decode"]
    assert causes(found) == ["lays what is transparent on white"]
    assert "png-alpha.png" in found.differs
    assert "jpeg-420.jpg" not in found.differs


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"filter": "bilinear"}, "filter=bilinear"),
        ({"filter": "nearest"}, "filter=nearest"),
        ({"crop_offset": "floor"}, "crop_offset=floor"),
        ({"flavour": "torch"}, "flavour=torch"),
        ({"flavour": "opencv", "crop_offset": "floor"}, "flavour=opencv,crop_offset=floor"),
    ],
)
def test_another_resize(fields: dict[str, str], words: str) -> None:
    made = replace(RECIPE, dtype="uint8", layout="nhwc", **fields)
    from regcore import Preprocessor

    preprocessor = Preprocessor(made, workers=1)
    found = stages(resize=lambda pixels: preprocessor([pixels])[0])
    assert differing(found) == ["resize"]
    assert found["resize"].recipe == words
    assert causes(found["resize"]) == [f"equals regcore's {words}"]


def test_squash() -> None:
    def squash(pixels: Any) -> Any:
        return np.asarray(Image.fromarray(pixels).resize((36, 36), Image.Resampling.BICUBIC))

    assert stages(resize=squash)["resize"].recipe == "resize=36x36"


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (
            lambda p: reference.tensor(p, SWAPPED),
            "swapped",
        ),
        (lambda p: reference.tensor(p, RECIPE)[::-1] * 1, None),
        (lambda p: reference.tensor(p[..., ::-1], RECIPE), "BGR"),
        (lambda p: reference.tensor(p, RECIPE).astype(np.float16), "float16"),
        (lambda p: p.transpose(2, 0, 1) / np.float32(255), "does not normalise"),
    ],
)
def test_other_values(tensor: Any, words: str | None) -> None:
    found = stages(tensor=tensor)
    assert differing(found) == ["tensor"]
    assert found["tensor"].largest > 0
    told = causes(found["tensor"])
    assert told == [] if words is None else words in told[0]


def test_one_value_of_one_picture() -> None:
    """A kernel with a fault: the stage is named, the picture, and how much it is."""

    def broken(pixels: Any) -> Any:
        resized = reference.resize(pixels, RECIPE)
        if pixels.shape[:2] == (61, 97):
            resized[5, 7, 1] ^= 4
        return resized

    found = stages(resize=broken)
    assert differing(found) == ["resize"]
    stage = found["resize"]
    assert stage.differs == ["jpeg-odd-420.jpg"]
    assert stage.largest == 4
    assert stage.differing == pytest.approx(100 / stage.values)
    assert stage.mean == pytest.approx(4 / stage.values)
    assert stage.recipe is None
    assert "nearest" in causes(stage)[0]


def test_a_kernel_of_regcore_is_named_by_level_and_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(own.Preprocessor):
        def __call__(self, items: Any, *rest: Any, **options: Any) -> Any:
            found = super().__call__(items, *rest, **options)
            if own.os.environ["REGCORE_SIMD"] == "portable" and self.recipe.resize is not None:
                found[..., 0, 0] += 1
            return found

    sound = examine(own.PEER.ways(RECIPE), RECIPE, builtin_pictures()[:9])
    assert not [stage for way in sound for stage in way.stages if stage.differs or stage.refused]
    monkeypatch.delenv("REGCORE_SIMD")  # the last level, which the ways have left
    monkeypatch.setattr(own, "Preprocessor", Broken)
    broken = examine(own.PEER.ways(RECIPE), RECIPE, builtin_pictures()[:9])
    assert [
        f"{way.name} {stage.stage}" for way in broken for stage in way.stages if stage.differs
    ] == ["regcore-portable resize", "regcore-portable-libjpeg resize"]


def test_what_raises_is_refused_and_not_equal() -> None:
    def picky(encoded: bytes) -> Any:
        if encoded[:2] != b"\xff\xd8":
            raise ValueError("JPEGs alone\nand more")
        return reference.decode(encoded)

    found = stages(decode=picky)["decode"]
    assert found.compared == found.equal == 31
    assert len(found.refused) == 15
    assert {each.detail for each in found.refused} == {"JPEGs alone"}


def test_not_a_number_differs() -> None:
    found = stages(tensor=lambda pixels: reference.tensor(pixels, RECIPE) * np.float32("nan"))
    assert found["tensor"].equal == 0
    assert found["tensor"].differing == 100


def test_nothing_compared_is_not_equal() -> None:
    (found,) = examine([Way("fake", **SOUND)], RECIPE, ())
    assert all(stage.compared == stage.equal == 0 for stage in found.stages)


def test_the_other_libjpeg_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import features

    monkeypatch.setattr(features, "check", lambda _: False)
    monkeypatch.setattr(features, "version", lambda _: "9.5")
    assert "IJG's libjpeg 9.5" in pillow.PEER.notes()[0]
    monkeypatch.setattr(own, "decode", lambda *_, **__: [np.zeros((1, 1, 3), np.uint8)])
    way = own.PEER.ways(RECIPE)[0]
    assert "IJG's libjpeg 9.5" in way.known["decode"]
    other = replace_decode(way, lambda encoded: reference.decode(encoded) ^ 1)
    (found,) = examine([other], RECIPE, [Picture("jpeg-x.jpg", builtin_pictures()[2].encoded)])
    assert "IJG's libjpeg 9.5" in found.stages[0].known


def replace_decode(way: Way, decode: Any) -> Way:
    return replace(way, decode=decode, resize=None, tensor=None)

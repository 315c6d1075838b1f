"""The example for Triton's Python backend, in a stand-in for its server."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import triton_python_backend_utils as pb_utils
from examples.triton_server import Server
from oracles import jpeg, photo_like

from regcore import Preprocessor, Recipe

MODEL = (
    Path(__file__).resolve().parents[2] / "examples" / "triton_repository" / "imagenet_preprocess"
)


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return [jpeg(photo_like(300 + i, 280, i)) for i in range(6)]


def test_requests_get_their_own_images(photos: list[bytes]) -> None:
    expected = Preprocessor(Recipe.preset("tf_efficientnet_lite0"))(photos)
    server = Server(MODEL)
    answers = server.infer([photos[:1], photos[1:4], photos[4:]])
    for answer, part in zip(answers, np.split(expected, [1, 4]), strict=True):
        assert np.array_equal(answer, part)
    again = server.infer([photos[:1]])
    assert np.array_equal(again[0], expected[:1])


def test_a_bad_photo_fails_its_request_alone(photos: list[bytes]) -> None:
    expected = Preprocessor(Recipe.preset("tf_efficientnet_lite0"))(photos)
    bad = photos[1][: len(photos[1]) // 50]
    first, second, third = Server(MODEL).infer([photos[:1], [photos[2], bad], photos[4:]])
    assert np.array_equal(first, expected[:1])
    assert isinstance(second, str)
    assert second.startswith("photo 1 of the request: ")
    assert np.array_equal(third, expected[4:])


def test_a_recipe_that_does_not_fit_the_configuration() -> None:
    with pytest.raises(pb_utils.TritonModelException, match=r"\(3, 240, 240\)\), IMAGE is"):
        Server(MODEL, recipe="resize=256,crop=240,filter=bicubic,mean=0,0,0,std=1,1,1")

"""Whatever a configuration holds: a recipe or an error that says what is wrong, and no crash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regcore import Recipe, RegcoreError

READERS: list[Callable[[Any], Recipe]] = [
    Recipe.from_accuracy_checker,
    Recipe.from_mmpretrain,
    Recipe.from_paddleclas,
]
KEY_NAMES = """
    models datasets reader preprocessing type size use_pillow mean std interpolation
    aspect_ratio_scale test_dataloader dataset pipeline model data_preprocessor scale backend
    crop_size to_rgb PreProcess transform_ops DecodeImage ResizeImage CropImage NormalizeImage
    ToCHWImage resize_short order channel_num output_fp16
"""
WORD_NAMES = """
    resize crop normalization bgr_to_rgb greater pillow pil bicubic LoadImageFromFile ResizeEdge
    Resize CenterCrop PackInputs pillow_imread 1.0/256.0 chw imagenet 1,2,3
"""
KEYS = st.sampled_from(KEY_NAMES.split())
WORDS = st.sampled_from(WORD_NAMES.split())
NUMBERS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.just(10**400))
SCALARS = st.one_of(NUMBERS, WORDS, st.text(max_size=3))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.one_of(KEYS, KEYS, KEYS, st.integers()), inner, max_size=5),
    ),
    max_leaves=25,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=150, deadline=None)
@given(values=st.one_of(st.lists(VALUES, max_size=4), st.dictionaries(KEYS, VALUES, max_size=4)))
def test_any_values(read: Callable[[Any], Recipe], values: Any) -> None:
    try:
        assert isinstance(read(values), Recipe)
    except RegcoreError as error:
        assert "\n" not in str(error)  # noqa: PT017
        assert len(str(error)) < 600  # noqa: PT017


OPTIONS = ("size", "scale", "crop_size", "backend", "use_pillow", "mean")
OPERATORS = st.sampled_from(["DecodeImage", "ResizeImage", "CropImage", "NormalizeImage"])
SETTINGS = st.dictionaries(KEYS, st.one_of(SCALARS, st.lists(SCALARS, max_size=3)), max_size=5)
STEPS = st.lists(
    st.one_of(
        st.fixed_dictionaries({"type": WORDS}, optional=dict.fromkeys(OPTIONS, SCALARS)),
        st.dictionaries(OPERATORS, SETTINGS, min_size=1, max_size=1),
    ),
    max_size=4,
)


@pytest.mark.parametrize("read", READERS)
@settings(max_examples=150, deadline=None)
@given(steps=STEPS)
def test_any_steps(read: Callable[[Any], Recipe], steps: Any) -> None:
    try:
        assert isinstance(read(steps), Recipe)
    except RegcoreError as error:
        assert "\n" not in str(error)  # noqa: PT017

"""Any recipe, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from regcore import Recipe
from regcore._native.choices import (
    ARITHMETICS,
    CHANNELS,
    CROP_OFFSETS,
    DTYPES,
    FILTERS,
    FITS,
    LAYOUTS,
)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    side = st.integers(1, 90)
    resize = draw(st.one_of(st.none(), side, st.tuples(side, side)))
    channels = draw(st.sampled_from(CHANNELS))
    count = 1 if channels == "gray" else 3
    dtype = draw(st.sampled_from(DTYPES))
    quantized = dtype == "int8" or (dtype == "uint8" and draw(st.booleans()))
    return Recipe(
        resize=resize,
        crop=draw(st.one_of(side, st.tuples(side, side))),
        fit=draw(st.sampled_from(FITS)) if isinstance(resize, tuple) else "exact",
        filter=draw(st.sampled_from(FILTERS)),
        crop_offset=draw(st.sampled_from(CROP_OFFSETS)),
        fill=draw(st.tuples(*[st.integers(0, 255)] * 3)),
        exif=draw(st.sampled_from(["ignore", "apply"])),
        channels=channels,
        mean=tuple(draw(st.lists(st.floats(-1, 1.875, width=32), min_size=count, max_size=count))),
        std=tuple(draw(st.lists(st.floats(0.125, 8, width=32), min_size=count, max_size=count))),
        divisor=draw(st.sampled_from([255, 127.5, 128])),
        arithmetic=draw(st.sampled_from(ARITHMETICS)),
        dtype=dtype,
        layout=draw(st.sampled_from(LAYOUTS)),
        pass_order=draw(st.sampled_from(["pillow9", "pillow13"])),
        quant_scale=0.031 if quantized else None,
        quant_zero_point=5 if quantized else 0,
    )

"""A recipe in JSON, as Recipe.to_dict gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict, cast

from msgspec import Meta

from regcore._native.choices import (
    ARITHMETICS,
    CHANNELS,
    CROP_OFFSETS,
    DTYPES,
    EXIF,
    FITS,
    FLAVOURS,
    LAYOUTS,
    PASS_ORDERS,
    RECIPE_FILTERS,
)
from regcore.schemas.fields import described, one_of

_Side = Annotated[int, Meta(ge=1, le=16384)]
_Sides = Annotated[list[_Side], Meta(min_length=2, max_length=2)]
_Byte = Annotated[int, Meta(ge=0, le=255)]
_Positive = Annotated[float, Meta(gt=0)]
_Channels = Meta(min_length=1, max_length=3)


class _Always(TypedDict):
    resize: Annotated[
        _Side | _Sides | None,
        described(
            "Pixels of the short side after the resize; rows and columns, see fit; null is no "
            "resize."
        ),
    ]
    crop: Annotated[
        _Side | _Sides,
        described("What is cut from the centre: pixels of both sides, or rows and columns."),
    ]
    filter: Annotated[str, one_of(RECIPE_FILTERS), described("Filter of the resize.")]
    mean: Annotated[
        list[float],
        _Channels,
        described("Of each channel, once pixels are divided by the divisor."),
    ]
    std: Annotated[
        list[_Positive],
        _Channels,
        described("Of each channel, once pixels are divided by the divisor."),
    ]
    dtype: Annotated[
        str,
        one_of(DTYPES),
        described("Of the values; uint8 without quant_scale are pixels, not normalised."),
    ]
    layout: Annotated[str, one_of(LAYOUTS), described("Order of the dimensions.")]


class _WhereNotDefault(TypedDict, total=False):
    fit: Annotated[
        str,
        one_of(FITS),
        described(
            "What a resize to rows and columns means: exactly these, the largest picture that "
            "fits into them, or the smallest that covers them. By default exact."
        ),
    ]
    crop_offset: Annotated[
        str,
        one_of(CROP_OFFSETS),
        described("How half a pixel of the crop's place is rounded. By default half_even."),
    ]
    fill: Annotated[
        list[_Byte],
        Meta(min_length=3, max_length=3),
        described(
            "Red, green and blue around a picture that is smaller than the crop; without it such "
            "a picture is refused."
        ),
    ]
    exif: Annotated[
        str,
        one_of(EXIF),
        described("Whether pictures are turned by their EXIF orientation. By default ignore."),
    ]
    channels: Annotated[
        str, one_of(CHANNELS), described("Of a pixel, in this order. By default rgb.")
    ]
    divisor: Annotated[
        _Positive,
        described("What pixels are divided by before mean and std. By default 255."),
    ]
    second_std: Annotated[
        list[_Positive], _Channels, described("What values are divided by once more.")
    ]
    quant_scale: Annotated[_Positive, described("Step of the quantised values of uint8 and int8.")]
    quant_zero_point: Annotated[
        int,
        Meta(ge=-128, le=255),
        described("The quantised value that means 0. By default 0."),
    ]
    arithmetic: Annotated[
        str,
        one_of(ARITHMETICS),
        described(
            "How values are computed: rounded to float32 at each operation; the same with a "
            "product by the reciprocal of the divisor; or in float64 and rounded at the end. By "
            "default float32."
        ),
    ]
    flavour: Annotated[
        str, one_of(FLAVOURS), described("Whose resize the pixels equal. By default pillow.")
    ]


class ModelRecipe(_Always, _WhereNotDefault):
    """How a model wants its images.

    Which Pillow the pixels are to equal belongs to the machine, not to the model.
    """


class RecipeForm(_Always, _WhereNotDefault, total=False):
    """What becomes of every image.

    The values are ((u8 / divisor) - mean) / std in float32 after resize and centre crop.
    """

    pass_order: Annotated[
        str,
        one_of(PASS_ORDERS),
        described("Which Pillow's resize the pixels equal; every recipe of flavour pillow has it."),
    ]


def recipe_form(fields: Mapping[str, Any]) -> RecipeForm:
    """What Recipe.to_dict gave, under its type."""
    return cast("RecipeForm", fields)

"""The recipes of Hugging Face's image processors, from their preprocessor_config.json.

https://github.com/huggingface/transformers: image_processing_backends.py (PilBackend) and
image_transforms.py. Pixels are those of its PIL backend, or of its torchvision backend, which
transformers takes where torchvision is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regcore.errors import UsageError
from regcore.files.arguments import check_choice, shown
from regcore.recipes.huggingface_classes import CLASSES, ProcessorClass
from regcore.recipes.huggingface_file import NULL, TYPE_KEYS, read_configuration
from regcore.recipes.huggingface_values import (
    LEAST_FACTOR,
    is_factor,
    needed,
    read_values,
    value_fields,
)
from regcore.recipes.numbers import BLACK, PILLOW_FILTERS, exceeds
from regcore.recipes.recipe import Recipe
from regcore.recipes.settings import Settings

_SUFFIXES = ("Pil", "Fast", "ImageProcessor", "FeatureExtractor")
#: What changes no image of a classifier: names, where a result goes, and masks.
_HARMLESS = (
    *("processor_class", "auto_map", "transformers_version", "backend", "_valid_processor_keys"),
    *("device", "data_format", "input_data_format", "return_tensors", "disable_grouping"),
    *("do_convert_rgb", "do_reduce_labels", "reduce_labels", "image_seq_length"),
)
#: Of the first PoolFormers; nothing reads it any more.
_OLD_GEOMETRY = "do_resize_and_center_crop"
#: What is understood where it is off, or not said.
_ONLY_OFF = ("do_pad", "pad_size", "do_thumbnail", "do_align_long_axis", "use_square_size")
BACKENDS = ("pil", "torchvision")
_OWN_SWITCHES = {key for kind in CLASSES.values() for key in kind.own_keys}


def recipe_of_huggingface(source: str | Path | Mapping[str, Any], backend: str = "pil") -> Recipe:
    """The recipe whose pixels are those of one of transformers' backends, float32 NCHW.

    source: a folder, its preprocessor_config.json or processor_config.json, or what that holds.
    backend: "pil", or "torchvision", which resizes tensors of uint8 on a CPU and has mean and std
        on the scale of the pixels.

    Of pictures with transparency, transformers 5.24 lays those of do_convert_rgb on white, where
    regcore has the colours alone, as Pillow's convert("RGB").

    Raises UsageError, which names file and key, for what cannot be expressed exactly, and for a
    class whose defaults are not known; DatasetError for a file that is none.
    """
    check_choice("backend", backend, BACKENDS)
    settings = read_configuration(source)
    kind = processor_class(settings)
    foreign = _OWN_SWITCHES - kind.own_keys.keys()
    for key in (*_ONLY_OFF, *sorted(foreign)):
        if settings.take(key) not in (None, False):
            raise settings.refusal(key, "cannot be expressed in a recipe")
    if not settings.flag(_OLD_GEOMETRY, default=True):
        raise settings.refusal(_OLD_GEOMETRY, "is do_resize and do_center_crop by now")
    fields = _geometry(settings, kind) | value_fields(read_values(settings, kind), backend)
    if backend == "torchvision" and fields["resize"] is not None:
        if fields["filter"] == "nearest":
            fields["filter"] = "nearest_exact"
        fields["flavour"] = "torch"
    settings.finish(*_HARMLESS)
    pads_by_torchvision = backend == "torchvision" and fields["fill"] is not None
    offset = "toward_zero" if pads_by_torchvision else "floor"
    try:
        return Recipe(**fields, crop_offset=offset)
    except UsageError as error:
        where = settings.place.removesuffix(": ")
        raise UsageError(f"{where}: {error}" if where else str(error)) from error


def processor_class(settings: Settings) -> ProcessorClass:
    """The class that the settings name. Raises UsageError for none, and for an unknown one."""
    named = [settings.take(key) for key in TYPE_KEYS]
    name = next((each for each in named if each is not None), None)
    if name is None:
        raise settings.refusal(TYPE_KEYS[0], "is missing; it decides what is not said here")
    short = str(name)
    for suffix in _SUFFIXES:
        short = short.removesuffix(suffix)
    known = {each.lower(): each for each in CLASSES}
    if short.lower() not in known:
        raise settings.refusal(
            TYPE_KEYS[0], f"{shown(name)} is none of {', '.join(CLASSES)} (with ImageProcessor)"
        )
    return CLASSES[known[short.lower()]]


def _size(
    settings: Settings, key: str, given: object, *, square: bool
) -> int | tuple[int, int] | None:
    """A short side, or (rows, columns)."""
    if given is None:
        return None
    if isinstance(given, (list, tuple)) and len(given) == 2:  # noqa: PLR2004
        given = {"height": given[0], "width": given[1]}
    if isinstance(given, int) and not isinstance(given, bool):
        given = {"height": given, "width": given} if square else {"shortest_edge": given}
    sides = Settings(given, settings.at(key))
    if "shortest_edge" in sides:
        side = sides.side("shortest_edge")
        sides.finish()
        return side
    rows, columns = sides.side("height"), sides.side("width")
    sides.finish()
    return rows, columns


def _geometry(settings: Settings, kind: ProcessorClass) -> dict[str, Any]:
    resizes = settings.flag("do_resize", default=True)
    crops = settings.flag("do_center_crop", default=kind.crops)
    square = settings.flag("default_to_square", default=kind.square)
    given = needed(settings, "size", kind.size, "do_resize", wanted=resizes)
    size = _size(settings, "size", given, square=square)
    given = needed(settings, "crop_size", kind.crop_size, "do_center_crop", wanted=crops)
    crop = _size(settings, "crop_size", given, square=True) if crops else None
    if isinstance(crop, int):
        raise settings.refusal("crop_size", "needs height and width")
    if kind.never_crops:
        crop = None
    resize = size if resizes else None
    part = _crop_pct(settings, kind, resize)
    if part is not None and resize is not None:
        resize, crop = _by_crop_pct(settings, kind, part, resize, crop)
    elif isinstance(resize, int):
        resize = int(kind.enlarged * resize)
    if crop is None and not isinstance(resize, tuple):
        raise settings.refusal("do_center_crop", "is off, so that pictures have different sizes")
    # Hugging Face pads with zeros wherever a crop is larger than the picture.
    pads = crop is not None and exceeds(crop, resize)
    return {
        "resize": resize,
        "crop": crop,
        "filter": _filter(settings, kind, wanted=resizes),
        "fill": BLACK if pads else None,
    }


def _crop_pct(
    settings: Settings, kind: ProcessorClass, resize: int | tuple[int, int] | None
) -> float | None:
    """By what a side is divided; None where the class has no such key, or it is null."""
    if kind.crop_pct is None:
        return None
    warps = kind.warps_from is not None
    part = settings.take("crop_pct")
    if part is NULL and not warps:
        return None
    if part is NULL and isinstance(resize, int) and resize < (kind.warps_from or 0):
        raise settings.refusal("crop_pct", "is missing; the size needs it")
    if part is None or part is NULL:
        return kind.crop_pct
    if not is_factor(part):
        raise settings.refusal("crop_pct", f"must be {LEAST_FACTOR:g} to 1, not {shown(part)}")
    return float(part)


def _by_crop_pct(
    settings: Settings,
    kind: ProcessorClass,
    part: float,
    size: int | tuple[int, int],
    crop: tuple[int, int] | None,
) -> tuple[int | tuple[int, int], tuple[int, int] | None]:
    """ConvNeXT and PoolFormer resize to a larger size, of which the crop is a part."""
    if kind.warps_from is None:
        if isinstance(size, tuple):
            scaled = (int(size[0] / part), int(size[1] / part))
            return (scaled[0] if scaled[0] == scaled[1] else scaled), crop
        return int(size / part), crop
    if isinstance(size, tuple):
        raise settings.refusal("size", "needs shortest_edge for this class")
    if crop is not None:
        raise settings.refusal("do_center_crop", "crops a second time, which a recipe does not")
    if size < kind.warps_from:
        return int(size / part), (size, size)
    return (size, size), None


def _filter(settings: Settings, kind: ProcessorClass, *, wanted: bool) -> str:
    default = PILLOW_FILTERS.index(kind.filter)
    number = needed(settings, "resample", default, "do_resize", wanted=wanted)
    if (
        isinstance(number, bool)
        or not isinstance(number, int)
        or not 0 <= number < len(PILLOW_FILTERS)
    ):
        raise settings.refusal("resample", f"must be Pillow's, 0 to 5, not {shown(number)}")
    return PILLOW_FILTERS[number]

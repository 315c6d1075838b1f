"""The recipes of Hugging Face's image processors, from their preprocessor_config.json.

https://github.com/huggingface/transformers: image_processing_backends.py (PilBackend) and
image_transforms.py. Pixels are those of its PIL backend; its torchvision backend resizes otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from regcore.errors import DatasetError, UsageError
from regcore.files.arguments import shown
from regcore.files.input_file import read_input
from regcore.files.json_input import parse_json
from regcore.recipes.huggingface_classes import CLASSES, ProcessorClass
from regcore.recipes.recipe import Recipe
from regcore.recipes.settings import Settings

_FILE = "preprocessor_config.json"
#: Of processors that have a tokenizer, too; transformers 5 writes the images' part into it.
_OUTER_FILE, _INNER_KEY = "processor_config.json", "image_processor"
_MAX_BYTES = 1 << 20
_TYPE_KEYS = ("image_processor_type", "feature_extractor_type")
_SUFFIXES = ("Pil", "Fast", "ImageProcessor", "FeatureExtractor")
#: PIL.Image.Resampling, by number.
_FILTERS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
#: What changes no image of a classifier: names, where a result goes, and masks.
_HARMLESS = (
    *("processor_class", "auto_map", "transformers_version", "backend", "_valid_processor_keys"),
    *("device", "data_format", "input_data_format", "return_tensors", "disable_grouping"),
    *("do_convert_rgb", "do_reduce_labels", "reduce_labels", "image_seq_length"),
)
#: No model needs less, and what is divided by it stays finite.
_LEAST_FACTOR = 1e-6
#: Of the first PoolFormers; nothing reads it any more.
_OLD_GEOMETRY = "do_resize_and_center_crop"
#: What is understood where it is off, or not said.
_ONLY_OFF = ("do_pad", "pad_size", "do_thumbnail", "do_align_long_axis", "use_square_size")


def recipe_of_huggingface(source: str | Path | Mapping[str, Any]) -> Recipe:
    """The recipe whose pixels are those of transformers' PIL backend, float32 NCHW.

    source: a folder, its preprocessor_config.json or processor_config.json, or what that holds.

    Of pictures with transparency, transformers 5.24 lays those of do_convert_rgb on white, where
    regcore has the colours alone, as Pillow's convert("RGB").

    Raises UsageError, which names file and key, for what cannot be expressed exactly, and for a
    class whose defaults are not known; DatasetError for a file that is none.
    """
    if isinstance(source, Mapping):
        return _recipe(_configuration(source))
    path = Path(source)
    return _recipe(_of_folder(path) if path.is_dir() else _configuration(_read(path), path))


def _read(path: Path) -> dict[str, Any]:
    return parse_json(read_input(path, _MAX_BYTES), dict[str, Any], path)


def _of_folder(folder: Path) -> Settings:
    """By transformers' rule, what processor_config.json says of images comes first."""
    outer, file = folder / _OUTER_FILE, folder / _FILE
    if outer.exists() and _INNER_KEY in (content := _read(outer)):
        return _configuration(content, outer)
    if file.exists():
        return _configuration(_read(file), file)
    if (folder / "config.json").exists():
        raise UsageError(f"{folder}: has no {_FILE}; of a model of timm's, say timm:{folder}")
    raise DatasetError(f"{folder}: has no {_FILE}")


def _configuration(content: Mapping[str, Any], path: Path | None = None) -> Settings:
    place = "" if path is None else f"{path}: "
    if "pretrained_cfg" in content:
        raise UsageError(f"{place}pretrained_cfg: is of a model of timm's, see Recipe.from_timm")
    if _INNER_KEY in content and not any(key in content for key in _TYPE_KEYS):
        return _said(content[_INNER_KEY], f"{place}{_INNER_KEY}")
    return _said(content, place)


def _said(content: object, place: str = "") -> Settings:
    """Null stands for the default of the class, as if nothing were said."""
    if isinstance(content, Mapping):
        content = {key: value for key, value in content.items() if value is not None}
    return Settings(content, place)


def _recipe(settings: Settings) -> Recipe:
    kind = _class_of(settings)
    for key in _ONLY_OFF:
        if settings.take(key) not in (None, False):
            raise settings.refusal(key, "cannot be expressed in a recipe")
    if not settings.flag(_OLD_GEOMETRY, default=True):
        raise settings.refusal(_OLD_GEOMETRY, "is do_resize and do_center_crop by now")
    square = settings.flag("default_to_square", default=kind.square)
    size = _size(settings, "size", kind.size, square=square)
    resizes = settings.flag("do_resize", default=True)
    crops = settings.flag("do_center_crop", default=kind.crops)
    crop_size = _size(settings, "crop_size", kind.crop_size, square=True)
    if crops and crop_size is None:
        raise settings.refusal("crop_size", "is missing; do_center_crop needs it")
    if not crops or kind.never_crops:
        crop_size = None
    fields = _geometry(settings, kind, size if resizes else None, crop_size)
    fields |= _values(settings, kind)
    settings.finish(*_HARMLESS)
    try:
        return Recipe(**fields, crop_offset="floor")
    except UsageError as error:
        where = settings.place.removesuffix(": ")
        raise UsageError(f"{where}: {error}" if where else str(error)) from error


def _class_of(settings: Settings) -> ProcessorClass:
    named = [settings.take(key) for key in _TYPE_KEYS]
    name = next((each for each in named if each is not None), None)
    if name is None:
        raise settings.refusal(_TYPE_KEYS[0], "is missing; it decides what is not said here")
    short = str(name)
    for suffix in _SUFFIXES:
        short = short.removesuffix(suffix)
    known = {each.lower(): each for each in CLASSES}
    if short.lower() not in known:
        raise settings.refusal(
            _TYPE_KEYS[0], f"{shown(name)} is none of {', '.join(CLASSES)} (with ImageProcessor)"
        )
    return CLASSES[known[short.lower()]]


def _size(
    settings: Settings, key: str, default: Mapping[str, int] | None, *, square: bool
) -> int | tuple[int, int] | None:
    """A short side, or (rows, columns)."""
    given = settings.take(key)
    if given is None:
        given = default
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


def _geometry(
    settings: Settings,
    kind: ProcessorClass,
    size: int | tuple[int, int] | None,
    crop: int | tuple[int, int] | None,
) -> dict[str, Any]:
    if isinstance(crop, int):
        raise settings.refusal("crop_size", "needs height and width")
    resize = size
    part = None if kind.crop_pct is None else _crop_pct(settings, kind.crop_pct)
    if part is not None and resize is not None:
        resize, crop = _by_crop_pct(settings, kind, part, resize, crop)
    elif isinstance(resize, int):
        resize = int(kind.enlarged * resize)
    if crop is None and not isinstance(resize, tuple):
        raise settings.refusal("do_center_crop", "is off, so that pictures have different sizes")
    # Hugging Face pads with zeros wherever a crop is larger than the picture.
    least = (resize, resize) if isinstance(resize, int) else resize
    wanted = crop or least
    pads = least is None or any(a > b for a, b in zip(wanted or (), least, strict=True))
    return {
        "resize": resize,
        "crop": crop,
        "filter": _filter(settings, kind),
        "fill": (0, 0, 0) if pads else None,
    }


def _crop_pct(settings: Settings, default: float) -> float:
    given = settings.take("crop_pct")
    part = default if given is None else given
    if not _is_factor(part):
        raise settings.refusal("crop_pct", f"must be {_LEAST_FACTOR:g} to 1, not {shown(given)}")
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


def _filter(settings: Settings, kind: ProcessorClass) -> str:
    number = settings.take("resample")
    if number is None:
        return kind.filter
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < len(_FILTERS):
        raise settings.refusal("resample", f"must be Pillow's, 0 to 5, not {shown(number)}")
    return _FILTERS[number]


def _values(settings: Settings, kind: ProcessorClass) -> dict[str, Any]:
    mean = _per_channel(settings, "image_mean", kind.mean)
    std = _per_channel(settings, "image_std", kind.std)
    normalizes = settings.flag("do_normalize", default=True) and kind.normalizes
    fields: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
    if normalizes:
        fields = {"mean": mean, "std": std}
    factor, rescales = settings.take("rescale_factor"), settings.flag("do_rescale", default=True)
    fields["divisor"] = _divisor(settings, 1 / 255 if factor is None else factor) if rescales else 1
    own = {key: settings.flag(key, default=value) for key, value in kind.own_keys.items()}
    if own.get("do_flip_channel_order"):
        fields["channels"] = "bgr"
    if own.get("rescale_offset") and rescales:
        if normalizes:
            raise settings.refusal("rescale_offset", "subtracts twice, which a recipe does not")
        fields["mean"] = (1.0, 1.0, 1.0)
    if own.get("include_top"):
        fields["second_std" if normalizes else "std"] = std
    if not rescales and not normalizes and not own.get("include_top"):
        fields["dtype"] = "uint8"
    return fields


def _per_channel(settings: Settings, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
    given = settings.take(key)
    if given is None:
        return default
    if isinstance(given, (list, tuple)) and len(given) == 1:
        raise settings.refusal(key, f"must be one number, not in a list, or three: {shown(given)}")
    return Settings({key: given}, settings.place).per_channel(key)


def _is_factor(value: object) -> TypeGuard[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return _LEAST_FACTOR <= value <= 1


def _divisor(settings: Settings, factor: object) -> float:
    """What a division by gives float32(pixel * factor), the product being of float64."""
    key = "rescale_factor"
    if not _is_factor(factor):
        raise settings.refusal(key, f"must be {_LEAST_FACTOR:g} to 1, not {shown(factor)}")
    pixels = np.arange(256)
    wanted = (pixels * float(factor)).astype(np.float32)
    for divisor in (round(2 / factor) / 2, 1 / factor):
        if np.array_equal(pixels.astype(np.float32) / np.float32(divisor), wanted):
            return divisor
    raise settings.refusal(key, f"{factor:g}: no division gives the same values to the last bit")

"""What Hugging Face's preprocessor_config.json says, read as transformers reads it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from regcore.errors import DatasetError, UsageError
from regcore.files.json_input import read_json
from regcore.recipes.settings import Settings

_FILE = "preprocessor_config.json"
#: Of processors that have a tokenizer, too; transformers 5 writes the images' part into it.
_OUTER_FILE, _INNER_KEY = "processor_config.json", "image_processor"
_MAX_BYTES = 1 << 20
#: The class, by its name of today and of before 2023.
TYPE_KEYS = ("image_processor_type", "feature_extractor_type")
_SWITCHES = (
    *("do_resize", "do_center_crop", "do_rescale", "do_normalize", "default_to_square"),
    *("rescale_offset", "include_top", "do_flip_channel_order"),
)
_NUMBERS = (
    *("size", "resample", "crop_size", "crop_pct", "rescale_factor", "image_mean", "image_std"),
)
#: A number that is null: there is none, not even the default of the class.
NULL = object()


def read_configuration(source: str | Path | Mapping[str, Any]) -> Settings:
    """The settings of an image processor, without those that are null and change nothing.

    source: a folder, its preprocessor_config.json or processor_config.json, or what that holds.

    Raises UsageError for the configuration of a model of timm's, DatasetError for a file that is
    none.
    """
    return _said(*find_fields(source))


def find_fields(source: str | Path | Mapping[str, Any]) -> tuple[object, str]:
    """What is said of images, as it stands there, and the place that errors name.

    Arguments and errors are those of read_configuration.
    """
    if isinstance(source, Mapping):
        return _of_content(source, "")
    path = Path(source)
    return _of_folder(path) if path.is_dir() else _of_content(_read(path), f"{path}: ")


def _of_folder(folder: Path) -> tuple[object, str]:
    """By transformers' rule, what processor_config.json says of images comes first."""
    outer, file = folder / _OUTER_FILE, folder / _FILE
    if outer.exists() and _INNER_KEY in (content := _read(outer)):
        return _of_content(content, f"{outer}: ")
    if file.exists():
        return _of_content(_read(file), f"{file}: ")
    if (folder / "config.json").exists():
        raise UsageError(f"{folder}: has no {_FILE}; of a model of timm's, say timm:{folder}")
    raise DatasetError(f"{folder}: has no {_FILE}")


def _read(path: Path) -> dict[str, Any]:
    return read_json(path, dict[str, Any], max_bytes=_MAX_BYTES)


def _of_content(content: Mapping[str, Any], place: str) -> tuple[object, str]:
    if "pretrained_cfg" in content:
        raise UsageError(f"{place}pretrained_cfg: is of a model of timm's, see Recipe.from_timm")
    if _INNER_KEY in content and not any(key in content for key in TYPE_KEYS):
        return content[_INNER_KEY], f"{place}{_INNER_KEY}"
    return content, place


def _said(content: object, place: str) -> Settings:
    """Null is not the default of the class: transformers has the switch off, and no number."""
    if isinstance(content, Mapping):
        nulls = dict.fromkeys(_SWITCHES, False) | dict.fromkeys(_NUMBERS, NULL)
        said = {key: nulls.get(key) if value is None else value for key, value in content.items()}
        content = {key: value for key, value in said.items() if value is not None}
    return Settings(content, place)

"""A recipe in a file of its own, JSON or TOML, written by hand or by `regcore recipe show`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from regcore.errors import DatasetError, RegcoreError, UsageError
from regcore.files.input_file import read_input
from regcore.files.json_input import read_json
from regcore.recipes.recipe import Recipe
from regcore.recipes.text_values import missing_fields

_MAX_BYTES = 1 << 20
#: Keys that only another tool's files have, and how such a file is named to --recipe.
_OTHERS = {
    "image_processor_type": "hf:",
    "feature_extractor_type": "hf:",
    "image_processor": "hf:",
    "pretrained_cfg": "timm:",
}


def read_recipe(path: Path) -> Recipe:
    """The recipe in a file whose keys are the fields of Recipe, or lie under `recipe`.

    resize, crop (unless resize is a pair), filter, mean and std must be there; dtype, layout and
    pass_order follow the model and the machine where they are not. Raises UsageError for a recipe
    that makes no sense or belongs to another tool, DatasetError for a file that is none.
    """
    content = _content(path)
    for key, prefix in _OTHERS.items():
        if key in content:
            raise UsageError(f"{path}: is another tool's, by its key {key}; say {prefix}{path}")
    found = content.get("recipe", content)
    if not isinstance(found, Mapping):
        raise UsageError(f"{path}: recipe: needs fields with names")
    given = dict(found)
    missing = missing_fields(given, resize_is_pair=isinstance(given.get("resize"), list))
    if missing:
        raise UsageError(f"{path}: recipe: does not say {', '.join(missing)}")
    defaults = {name: getattr(Recipe(), name) for name in ("dtype", "layout", "pass_order")}
    try:
        return Recipe.from_dict({"crop": None, **defaults, **given})
    except RegcoreError as error:
        raise UsageError(f"{path}: {error}") from error


def _content(path: Path) -> dict[str, Any]:
    if path.suffix != ".toml":
        return read_json(path, dict[str, Any], max_bytes=_MAX_BYTES)
    text = read_input(path, _MAX_BYTES)
    if sys.version_info < (3, 11):
        raise UsageError(f"{path}: TOML needs Python 3.11; write it as JSON")
    try:
        content: dict[str, Any] = import_module("tomllib").loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: is no TOML: {error}") from error
    return content

"""The forms of all JSON that regcore writes and prints: a JSON Schema (draft 2020-12) for each.

regcore.api.forms makes them of the dataclasses that declare the forms, each beside the code that
writes it. Where regcore gives a form, the JSON names it and its version under `format`. The version
counts up with every change after which a reader of the older form could go wrong.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, TypedDict

from regcore.errors import UsageError

_SUFFIX = ".schema.json"

_VERSIONS = {"comparison": 2}


class Format(TypedDict):
    """Name and version of this form."""

    name: str
    version: int


def json_form(name: str) -> Format:
    """What JSON of the form `name` has as its `format`."""
    return {"name": f"regcore {name}", "version": _VERSIONS.get(name, 1)}


def schema_names() -> tuple[str, ...]:
    """Names for `load_schema`."""
    found = (file.name for file in files("regcore.schemas").iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))


def load_schema(name: str) -> dict[str, Any]:
    """The schema of a form. Raises UsageError."""
    if name not in schema_names():
        raise UsageError(f"no schema {name!r}; there are {', '.join(schema_names())}")
    text = (files("regcore.schemas") / f"{name}{_SUFFIX}").read_text("utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema

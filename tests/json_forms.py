"""Every JSON that regcore makes while tests run, against the schema of its form."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from regcore.schemas import load_schema

_PREFIX = "regcore "


@cache
def validator(name: str) -> Any:
    """Of the form `name`."""
    jsonschema = pytest.importorskip("jsonschema")
    return jsonschema.Draft202012Validator(load_schema(name))


def check_form(name: str, text: str) -> Any:
    """The content of a JSON text; fails where it is not JSON, or not of the form."""
    content = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    errors = [
        f"{error.json_path}: {error.message[:300]}"
        for error in validator(name).iter_errors(content)
    ]
    assert not errors, f"not of the form {name}: {errors}"
    return content


def form_of(content: Any) -> str | None:
    """The form that a JSON content names; None for what is not regcore's."""
    if not isinstance(content, dict):
        return None
    told = content.get("format")
    if isinstance(told, str) and told.startswith(_PREFIX):
        return told.removeprefix(_PREFIX) if "ledger_checksum" in content else "store-journal"
    if isinstance(told, dict) and str(told.get("name")).startswith(_PREFIX):
        return str(told["name"]).removeprefix(_PREFIX)
    return "result" if content.keys() >= {"title", "value"} else None


def checking(dumps: Any) -> Any:
    """json.dumps: what regcore, and not a test, makes with it has the form that it names."""

    def checked(content: Any, **options: Any) -> str:
        text: str = dumps(content, **options)
        name = form_of(content)
        writer = str(sys._getframe(1).f_globals.get("__name__"))  # noqa: SLF001
        if name is not None and writer.startswith("regcore"):
            check_form(name, text)
        return text

    return checked


def parts(content: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """All objects and arrays in a JSON content, each with its place."""
    if isinstance(content, dict | list):
        yield path, content
        items = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in items:
            yield from parts(value, (*path, key))

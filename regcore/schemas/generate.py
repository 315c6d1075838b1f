"""A form's JSON Schema (draft 2020-12), made of the type that declares the form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.inspect import DataclassType, StructType, TypedDictType, type_info

from regcore.schemas import json_form

_PARTS = "#/$defs/{name}"
_FORMAT = "Format"


@dataclass(frozen=True)
class Form:
    """A form of JSON.

    title: what is of this form. content: the type that declares it, whose docstring describes it;
    description: where it has none.
    """

    name: str
    title: str
    content: Any
    description: str = ""


def generate(form: Form) -> dict[str, Any]:
    """The schema: closed objects, in which every key is there unless it may be left out."""
    (root,), parts = msgspec.json.schema_components((form.content,), ref_template=_PARTS)
    records = {record.cls.__name__: record for record in _records(type_info(form.content))}
    for name, part in parts.items():
        if name in records:
            _close(part, records[name])
        else:
            part.pop("title", None)
            part.pop("description", None)
    body = parts.pop(root["$ref"].rpartition("/")[2]) if "$ref" in root else root
    told = json_form(form.name)
    if parts.pop(_FORMAT, None) is not None:
        body["properties"]["format"] = _constants(dict(told))
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:regcore:{form.name}:{told['version']}",
        "title": form.title,
        "description": form.description or _words(form.content.__doc__),
    }
    defined = {"$defs": dict(sorted(parts.items()))} if parts else {}
    return {**head, **{key: body[key] for key in body if key not in head}, **defined}


def _records(node: Any) -> Iterator[Any]:  # noqa: ANN401
    """All record types in a type."""
    if isinstance(node, tuple):
        for part in node:
            yield from _records(part)
    elif isinstance(node, msgspec.Struct):
        if isinstance(node, (DataclassType, StructType, TypedDictType)):
            yield node
        for name in node.__struct_fields__:
            yield from _records(getattr(node, name))


def _close(part: dict[str, Any], record: Any) -> None:  # noqa: ANN401
    """A default is for reading: what is written has the key all the same."""
    del part["title"]
    if "description" in part:
        part["description"] = _words(part["description"].split("\n\n")[0])
    for described in part["properties"].values():
        described.pop("default", None)
    always = {
        field.encode_name
        for field in record.fields
        if field.required or {field.default, field.default_factory} != {msgspec.NODEFAULT}
    }
    part["required"] = [name for name in part["properties"] if name in always]
    part["additionalProperties"] = False


def _words(docstring: str) -> str:
    return " ".join(docstring.split())


def _constants(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": "Name and version of this form.",
        "type": "object",
        "properties": {name: {"const": value} for name, value in values.items()},
        "required": list(values),
        "additionalProperties": False,
    }

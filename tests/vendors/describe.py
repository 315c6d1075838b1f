"""Says of names in an installed package what they are: questions come in as JSON, answers go out.

Run as a program, with the package on its path and nothing of regcore.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from typing import Any

#: A line of a binding's documentation, as in `1. parse(self: T, model: Buffer) -> bool`.
SIGNATURE = re.compile(r"(?:[0-9]+\. )?(\w+)\((.*)\) -> (.*)")
OPENING, CLOSING = "([{<", ")]}>"
KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "place",
    inspect.Parameter.POSITIONAL_OR_KEYWORD: "either",
    inspect.Parameter.KEYWORD_ONLY: "name",
    inspect.Parameter.VAR_POSITIONAL: "more",
    inspect.Parameter.VAR_KEYWORD: "name",
}


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """there, value of an enumeration's member, signatures, and what a call without a device gives.

    signatures: None where the package does not tell them.
    """
    nothing = {"there": False, "value": None, "signatures": None, "gives": None}
    try:
        owner, thing = find(question["module"], question["name"])
    except (ImportError, AttributeError):
        return nothing
    found: dict[str, Any] = {**nothing, "there": True}
    if isinstance(owner, type) and isinstance(thing, owner):
        found["value"] = int(thing)  # type: ignore[call-overload]
    elif callable(thing):
        found["signatures"] = signatures(thing, method=isinstance(owner, type))
        if question["gives"] is not None:
            found["gives"] = given(question["module"], thing)
    return found


def find(module: str, name: str) -> tuple[object, object]:
    """The thing of a dotted name, and what it is in."""
    owner: object = None
    thing: object = importlib.import_module(module)
    for part in name.split("."):
        owner, thing = thing, getattr(thing, part)
    return owner, thing


def signatures(thing: Any, *, method: bool) -> list[list[dict[str, Any]]] | None:
    function = thing.__init__ if isinstance(thing, type) else thing
    told = _documented(function) or _inspected(function)
    if told is None:
        return None
    if method or isinstance(thing, type):
        told = [one[1:] if one and one[0]["name"] == "self" else one for one in told]
    return told


def _inspected(function: Any) -> list[list[dict[str, Any]]] | None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    return [
        [
            {
                "name": one.name,
                "kind": KINDS[one.kind],
                "more": one.kind is inspect.Parameter.VAR_KEYWORD,
                "required": one.default is one.empty
                and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD),
            }
            for one in parameters
        ]
    ]


def _documented(function: Any) -> list[list[dict[str, Any]]]:
    """As pybind11 writes them; of overloads each has a line with a number."""
    lines = [line.strip() for line in (function.__doc__ or "").splitlines()]
    matches = [match for line in lines if (match := SIGNATURE.fullmatch(line))]
    own = [match for match in matches if match[1] == function.__name__]
    return [[_parameter(text) for text in split(match[2])] for match in own]


def _parameter(text: str) -> dict[str, Any]:
    name = text.partition(":")[0]
    unnamed = re.fullmatch(r"arg[0-9]+", name.strip()) is not None
    return {
        "name": name.strip().partition("=")[0].strip(),
        "kind": "place" if unnamed else "either",
        "more": False,
        "required": " = " not in text,
    }


def split(text: str) -> list[str]:
    """At the commas that no bracket encloses."""
    parts, depth = [""], 0
    for character in text.replace("->", "  "):
        depth += (character in OPENING) - (character in CLOSING)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]


def given(module: str, function: Any) -> int | None:
    """How many values a call of CUDA gives; None where there is a driver, which could do it."""
    runtime = importlib.import_module(module)
    if not hasattr(runtime, "cudaDriverGetVersion") or runtime.cudaDriverGetVersion()[1] != 0:
        return None
    arguments: list[object] = []
    for one in inspect.signature(function).parameters.values():
        kind = getattr(runtime, str(one.annotation), None)
        # Enumerations are asked for by name; anything else may be 0, which is no pointer.
        arguments.append(next(iter(kind)) if kind is not None and hasattr(kind, "__iter__") else 0)
    found = function(*arguments)
    return len(found)


if __name__ == "__main__":
    json.dump([answer(question) for question in json.load(sys.stdin)], sys.stdout)

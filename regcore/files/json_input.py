"""JSON that somebody else wrote, or that a disk or an editor damaged: one way of reading it.

Python's own parser takes more than JSON holds (NaN, numbers without an end, halves of surrogate
pairs) and fails in many ways where the text is hostile; whatever stands in a file ends here in a
value of the form that was asked for, or in one line.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from regcore.errors import DatasetError, RegcoreError
from regcore.files.input_file import MAX_INPUT_BYTES, decode_text, read_input

_T = TypeVar("_T")

#: 64 bits; longer integers are no count, size or time of anything.
_MAX_INTEGER_CHARACTERS = 20
_SUSPECT = re.compile(r"\\u(0000|[dD][89a-fA-F])")
_SURROGATES = range(0xD800, 0xE000)
#: How Python writes the bytes of a file name that is not UTF-8; regcore's own files have them.
_ESCAPED_BYTES = range(0xDC80, 0xDD00)


def read_json(
    path: str | Path,
    form: type[_T],
    *,
    max_bytes: int = MAX_INPUT_BYTES,
    error: type[RegcoreError] = DatasetError,
) -> _T:
    """The content of a JSON file as `form`; see parse_json. Also raises what read_input does."""
    return parse_json(read_input(path, max_bytes, error=error), form, path, error=error)


def parse_json(
    text: bytes | str,
    form: type[_T],
    name: str | Path,
    *,
    error: type[RegcoreError] = DatasetError,
) -> _T:
    """A JSON text as `form`: a dataclass, a msgspec.Struct, dict[str, Any], list[int], ...

    Types are strict (1.0 is no integer, "1" no number), keys that the form does not know are
    passed over. Raises `error`, of one line that begins with `name`, where the text is not JSON,
    of another form, nested without reason, or holds numbers beyond 64 bits, NaN, NUL characters,
    text that is not Unicode, or a key twice with different values.
    """
    if isinstance(text, bytes):
        text = decode_text(text, name, error=error)
    try:
        content = json.loads(
            text,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_number,
            object_pairs_hook=_object,
        )
        if _SUSPECT.search(text):
            _check_text(content)
    except RecursionError:
        raise error(f"{name}: nested too deep for any record") from None
    except json.JSONDecodeError as failure:
        raise error(f"{name}: damaged, not a JSON text ({failure})") from failure
    except ValueError as failure:
        raise error(f"{name}: {failure}") from failure
    return as_form(content, form, name, error=error)


def as_form(
    content: object, form: type[_T], name: str | Path, *, error: type[RegcoreError] = DatasetError
) -> _T:
    """What a JSON text was parsed to, as `form`; raises `error` where it is of another."""
    try:
        return msgspec.convert(content, form)
    except (msgspec.ValidationError, ValueError, RecursionError) as failure:
        raise error(f"{name}: {failure}") from failure


def _integer(digits: str) -> int:
    if len(digits) > _MAX_INTEGER_CHARACTERS:
        raise ValueError(f"a number of {len(digits)} digits makes no sense")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is not a finite number")
    return number


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        for key, value in pairs:
            if found[key] != value:
                raise ValueError(f"the key {key[:40]!r} is there twice, with different values")
    return found


def _check_text(content: object) -> None:
    if isinstance(content, str):
        if "\0" in content:
            raise ValueError("a text holds a NUL character")
        if any(ord(c) in _SURROGATES and ord(c) not in _ESCAPED_BYTES for c in content):
            raise ValueError("a text is not Unicode (half a surrogate pair)")
    elif isinstance(content, dict):
        for key, value in content.items():
            _check_text(key)
            _check_text(value)
    elif isinstance(content, list):
        for value in content:
            _check_text(value)

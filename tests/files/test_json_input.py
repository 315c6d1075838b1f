"""JSON from outside: whatever stands in it, a value of the form or one line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regcore.errors import BackendError, DatasetError
from regcore.files.json_input import parse_json, read_json


@dataclass
class Record:
    images: int
    rate: float = 0.0
    source: str = ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "not a JSON text"),
        (b'{"images": 1', "not a JSON text"),
        (b'{"images": "1"}', "Expected `int`, got `str` - at `$.images`"),
        (b'{"images": 1.0}', "Expected `int`, got `float` - at `$.images`"),
        (b'{"rate": 1}', "missing required field `images`"),
        (b"[]", "Expected `object`, got `array`"),
        (b'{"images": ' + b"9" * 5000 + b"}", "a number of 5000 digits"),
        (b'{"images": 1, "rate": 1e999}', "1e999 is not a finite number"),
        (b'{"images": 1, "rate": NaN}', "NaN is not a finite number"),
        (b'{"images": 1, "more": ' + b"[" * 200_000 + b"}", "nested too deep"),
        (b'{"images": 1, "source": "a\\u0000b"}', "NUL"),
        (b'{"images": 1, "more": {"a": ["\\ud800"]}}', "not Unicode"),
        (b'{"images": 1, "images": 2}', "twice"),
        ('{"images": 1, "source": "图像分类"}'.encode("gbk"), "line 1: not UTF-8"),
    ],
)
def test_refused_in_one_line(text: bytes, why: str) -> None:
    with pytest.raises(DatasetError) as error:
        parse_json(text, Record, "some.json")
    message = str(error.value)
    assert message.startswith("some.json")
    assert why in message
    assert "\n" not in message


def test_read(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes('\ufeff{"images": 3, "rate": 2, "other": [1]}'.encode())
    assert read_json(path, Record) == Record(3, 2.0)
    path.write_text('{"images": 3}', "utf-16")
    assert read_json(path, Record) == Record(3)
    with pytest.raises(BackendError, match="No such file"):
        read_json(tmp_path / "b.json", Record, error=BackendError)


def test_names_that_are_not_utf8_come_back() -> None:
    """A file name's odd bytes stand in JSON as lone surrogates, which regcore writes itself."""
    assert parse_json('{"images": 1, "source": "a\\udcff"}', Record, "x").source == "a\udcff"


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_anything(text: bytes | str) -> None:
    try:
        parse_json(text, dict[str, Any], "x")
    except DatasetError as error:
        assert "\n" not in str(error)  # noqa: PT017

"""The names of a model's classes, in the files and metadata in which people have them."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from regcore.counted import counted
from regcore.errors import DatasetError, UsageError
from regcore.files.input_file import read_input_text
from regcore.files.json_input import parse_json
from regcore.scores.labels import has_background

#: 21,841 classes with all their names are half of this.
_MAX_BYTES = 4 << 20
_WORDNET_ID = re.compile(r"n[0-9]{8}")
_WORDNET_LINE = re.compile(r"n[0-9]{8}[\s,:]+(\S.*)")
_NUMBERED_LINE = re.compile(r"([0-9]{1,6})(?:\s*[:,]\s*|\s+)(\S.*)")
#: Where models have them: Ultralytics' exports, and those of Hugging Face's configurations.
_METADATA_KEYS = ("names", "id2label", "class_names")


def read_class_names(path: str | Path) -> tuple[str, ...]:
    """The name of each class, by its index.

    A file has one name a line, with or without the class's index or WordNet id before it
    (synset_words.txt), or it is JSON, or the text of a Python value: a list of names,
    {index: name} (a Hugging Face config.json has it as "id2label"), {index: [id, name]} as Keras
    has it, or {name: index}. Raises DatasetError for anything else, and where a class lacks its
    name.
    """
    return parse_class_names(read_input_text(path, _MAX_BYTES), str(path))


def metadata_class_names(metadata: Mapping[str, str]) -> tuple[str, ...] | None:
    """The names that the maker of a model wrote into it, None where there are none to be read."""
    for key in _METADATA_KEYS:
        text = metadata.get(key, "")
        if text.lstrip()[:1] in {"{", "["} and len(text) <= _MAX_BYTES:
            try:
                return parse_class_names(text, key)
            except DatasetError:
                continue
    return None


def names_of_classes(names: Sequence[str], classes: int, source: str) -> tuple[str, ...]:
    """A name for each of a model's classes; class 0 of one class more is the background.

    Raises UsageError, which names `source`, where they are not as many.
    """
    if len(names) == classes:
        return tuple(names)
    if len(names) == classes - 1 and has_background(classes):
        return ("background", *names)
    raise UsageError(
        f"{source}: has names of {counted(len(names), 'class')}, the model has {classes}"
    )


def parse_class_names(text: str, source: str) -> tuple[str, ...]:
    """What a text says; see read_class_names. source: what an error names."""
    text = text.strip()
    if text[:1] in {"{", "["}:
        return _from_value(_value(text, source), source)
    lines = [line.strip() for line in text.splitlines()]
    if not text:
        raise DatasetError(f"{source}: has no names")
    if "" in lines:
        raise DatasetError(f"{source}, line {lines.index('') + 1}: is empty, in place of a name")
    numbered = [_NUMBERED_LINE.fullmatch(line) for line in lines]
    if all(numbered):
        return _by_index({int(m[1]): m[2] for m in numbered if m}, len(lines), source)
    described = [_WORDNET_LINE.fullmatch(line) for line in lines]
    if all(described):
        return tuple(m[1] for m in described if m)
    return tuple(lines)


def _value(text: str, source: str) -> Any:  # noqa: ANN401
    try:
        return parse_json(text, Any, source)
    except DatasetError as error:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of escapes in somebody's names
                return ast.literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            raise error from None


def _from_value(value: Any, source: str) -> tuple[str, ...]:  # noqa: ANN401
    if isinstance(value, Mapping) and isinstance(value.get("id2label"), Mapping):
        value = value["id2label"]
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping) or not value:
        raise DatasetError(f"{source}: has no names of classes")
    if all(isinstance(index, int) for index in value.values()):
        named = {index: str(name) for name, index in value.items()}
    else:
        named = {_index(key, source): _name(name, source) for key, name in value.items()}
    return _by_index(named, len(value), source)


def _index(key: object, source: str) -> int:
    text = str(key)
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):  # noqa: PLR2004
        raise DatasetError(f"{source}: {text[:40]!r} is no index of a class")
    return int(text)


def _name(value: object, source: str) -> str:
    """A name, or that beside a WordNet id."""
    if isinstance(value, (list, tuple)):
        texts = [text for text in value if isinstance(text, str)]
        named = [text for text in texts if not _WORDNET_ID.fullmatch(text)]
        value = ", ".join(named or texts[:1]) or None
    if not isinstance(value, str):
        raise DatasetError(f"{source}: {str(value)[:40]!r} is no name of a class")
    return value


def _by_index(named: Mapping[int, str], count: int, source: str) -> tuple[str, ...]:
    lacking = next((index for index in range(count) if index not in named), None)
    if lacking is not None:
        raise DatasetError(
            f"{source}: names {counted(count, 'class')}, but not class {lacking}; indices begin at "
            "0, and each is there once"
        )
    return tuple(named[index] for index in range(count))

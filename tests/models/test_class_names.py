"""The names of classes, in every form in which people have them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from regcore.errors import DatasetError, UsageError
from regcore.frameworks import import_timm
from regcore.models.class_names import metadata_class_names, names_of_classes, read_class_names
from regcore.models.timm.class_names import imagenet_names

NAMES = ("tench, Tinca tinca", 'it\'s "quoted" \u9b5a', "[bold]white shark|")
IDS = ("n01440764", "n01443537", "n01484850")
NUMBERED = dict(enumerate(NAMES))

FORMS = {
    "a line each": "\n".join(NAMES) + "\n",
    "with a mark and Windows' ends": "\ufeff" + "\r\n".join(NAMES),
    "synset_words.txt": "\n".join(f"{i} {name}" for i, name in zip(IDS, NAMES, strict=True)),
    "numbered": "\n".join(f"{i}: {name}" for i, name in reversed(NUMBERED.items())),
    "numbered by blanks": "\n".join(f"{i} {name}" for i, name in NUMBERED.items()),
    "a JSON list": json.dumps(NAMES),
    "JSON by index": json.dumps(NUMBERED),
    "Keras": json.dumps(dict(enumerate(zip(IDS, NAMES, strict=True)))),
    "pairs": json.dumps(list(zip(IDS, NAMES, strict=True))),
    "indices by name": json.dumps({name: i for i, name in NUMBERED.items()}),
    "config.json": json.dumps({"architectures": ["X"], "id2label": NUMBERED}),
    "Python": repr(NUMBERED),
    "Python, a list": repr(list(NAMES)),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str, tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_bytes(FORMS[form].encode())
    assert read_class_names(path) == NAMES


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no names"),
        ("{}", "has no names of classes"),
        ("[]", "has no names of classes"),
        ("cat\n\ndog", "line 2: is empty"),
        ('{"1": "cat", "2": "dog"}', "names 2 classes, but not class 0"),
        ("1 cat\n2 dog", "names 2 classes, but not class 0"),
        ('{"cat": 0, "dog": 0}', "not class 1"),
        ('{"x": "cat"}', "'x' is no index"),
        ("[1.5]", "'1.5' is no name"),
        ("[[]]", "is no name"),
        ('{"0": "cat"', "not a JSON text"),
        ("[" * 100_000, "nested too deep"),
        ("{0: __import__('os')}", "not a JSON text"),
    ],
)
def test_what_is_none(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_text(text)
    with pytest.raises(DatasetError, match=f"{path}.*{told}"):
        read_class_names(path)


def test_names_of_another_model() -> None:
    assert names_of_classes(NAMES, 3, "here") == NAMES
    thousand = tuple(map(str, range(1000)))
    assert names_of_classes(thousand, 1001, "here") == ("background", *thousand)
    with pytest.raises(UsageError, match="here: has names of 3 classes, the model has 4"):
        names_of_classes(NAMES, 4, "here")


def test_names_in_a_model() -> None:
    assert metadata_class_names({"names": repr(NUMBERED), "stride": "32"}) == NAMES
    assert metadata_class_names({"names": "{broken", "id2label": json.dumps(NUMBERED)}) == NAMES
    assert metadata_class_names({"names": "imagenet", "task": "classify"}) is None


@pytest.mark.slow
def test_imagenets_are_timms() -> None:
    if find_spec("timm") is None:
        pytest.skip("needs timm, and its list of ImageNet's classes")
    info = import_timm().data.ImageNetInfo()
    described = [str(info.index_to_description(i)) for i in range(info.num_classes())]
    theirs = [description.split(",", 1)[0] for description in described]
    assert list(imagenet_names()) == theirs

"""ImageNet's names, out of the files that timm's package has."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from regcore.errors import BackendError
from regcore.files.input_file import read_input_text

_FOLDER = "data/_info"


def imagenet_names() -> tuple[str, ...]:
    """The first of the names of each of the 1000 classes, by index, in ImageNet's order.

    timm is not imported for it. Raises BackendError where it is not installed.
    """
    spec = find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise BackendError(
            "the names of ImageNet's classes are timm's, which is not installed; install it with: "
            "pip install 'regcore[export]', or give a file of names"
        )
    folder = Path(spec.submodule_search_locations[0]) / _FOLDER
    ids = _lines(folder / "imagenet_synsets.txt")
    names = dict(line.split("\t", 1) for line in _lines(folder / "imagenet_synset_to_lemma.txt"))
    return tuple(names[id_].split(",", 1)[0] for id_ in ids)


def _lines(path: Path) -> list[str]:
    return read_input_text(path, error=BackendError).splitlines()

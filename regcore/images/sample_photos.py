"""Twenty labelled ImageNet photos that come inside a wheel."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from regcore.errors import BackendError
from regcore.files.names import natural_key

_PHOTO_NAME = re.compile(r"imagenet_[0-9]{2}_([0-9]+)\.jpg")


def sample_photos() -> tuple[tuple[Path, ...], NDArray[np.int64]]:
    """The ImageNet photos inside the foolbox package, and their labels int64 [photos].

    Raises BackendError where the package is not installed.
    """
    folder = package_folder("foolbox") / "data"
    found = [(path, _PHOTO_NAME.fullmatch(path.name)) for path in folder.glob("imagenet_*.jpg")]
    labels = {path: int(match[1]) for path, match in found if match}
    if not labels:
        raise BackendError(f"{folder}: this foolbox has no photos named imagenet_NN_LABEL.jpg")
    paths = tuple(sorted(labels, key=natural_key))
    return paths, np.array([labels[path] for path in paths], dtype=np.int64)


def package_folder(package: str) -> Path:
    """Where a package of the `demo` extra is installed; BackendError where it is not."""
    # Found without an import: foolbox would bring in far more than its photos.
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BackendError(
            f"the package {package} is not installed; "
            "install all that the demo needs with: pip install 'regcore[demo]'"
        )
    return Path(spec.submodule_search_locations[0])

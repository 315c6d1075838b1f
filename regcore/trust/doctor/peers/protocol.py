"""What the file of a library has: its name, its version, and its ways from a file to a tensor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.recipes.recipe import Recipe
from regcore.trust.doctor.findings import Stage

Pixels = NDArray[np.uint8]
Values = NDArray[Any]


@dataclass(frozen=True)
class Way:
    """One way through a library; a stage that it does not have is None.

    name: of the library and the way, as in `torchvision-tensor`.
    decode: a file to pixels, uint8 [rows, columns, 3].
    resize: pixels to those of the recipe's resize and crop, [crop, crop, 3].
    tensor: such pixels to float32 [3, crop, crop].
    known: what is known to make a stage differ, for where nothing else explains it.
    """

    name: str
    decode: Callable[[bytes], Pixels] | None = None
    resize: Callable[[Pixels], Values] | None = None
    tensor: Callable[[Pixels], Values] | None = None
    known: Mapping[Stage, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Peer:
    """A library.

    packages: the distributions that bring it; the first that is installed has the version. ways:
    imports the library, and gives its ways by a recipe. notes: what it was built with, after that.
    """

    name: str
    packages: tuple[str, ...]
    ways: Callable[[Recipe], Sequence[Way]]
    notes: Callable[[], Sequence[str]] = tuple

    def version(self) -> str | None:
        """The version that is installed here, without an import; None where there is none."""
        return next(filter(None, map(_version_of, self.packages)), None)


def _version_of(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None

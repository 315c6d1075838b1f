"""Whether the installed version of a library still gives the pixels of its flavour."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from regcore.counted import agreeing
from regcore.errors import FlavourWarning, first_line
from regcore.images.flavours.libraries import LIBRARIES
from regcore.images.preprocessor import Preprocessor
from regcore.recipes.flavours import FLAVOURS
from regcore.recipes.recipe import Recipe

#: Rows and columns of the picture, and what it is resized to: smaller, larger, half, and a mixture.
_PICTURE = (62, 84)
_SIZES = ((23, 31), (131, 166), (31, 42), (40, 119))
_checked: set[str] = set()


def warn_of_other_version(flavour: str) -> None:
    """A FlavourWarning, once, where another version is installed than the flavour was tried with.

    It tells what a short check of that version gave. Nothing is imported where the version is the
    one of the tests, or the library is not installed.
    """
    if flavour in _checked:
        return
    _checked.add(flavour)
    library = LIBRARIES[flavour]
    installed = library.installed()
    if installed is None or library.was_tried(installed):
        return
    try:
        differing, of = differing_values(flavour)
        found = (
            f"{differing} of {of} values of a short check "
            f"{agreeing(differing, 'differs', 'differ')}: "
            "take that version's pixels for other ones"
            if differing
            else f"a short check of {of} values found no difference"
        )
    except Exception as error:  # noqa: BLE001  (of another package)
        found = f"it does not run here: {first_line(error)}"
    warnings.warn(
        f"flavour {flavour} has the pixels of {library.name} {library.tried}; {installed} is "
        f"installed, and {found}",
        FlavourWarning,
        stacklevel=3,
    )


@contextmanager
def versions_unasked() -> Iterator[None]:
    """No library is looked at meanwhile: for who tries all flavours, and takes none of them."""
    before = set(_checked)
    _checked.update(FLAVOURS)
    try:
        yield
    finally:
        _checked.clear()
        _checked.update(before)


def differing_values(flavour: str) -> tuple[int, int]:
    """How many values the installed library gives that the flavour does not, and of how many.

    All filters, a small picture of noise, four sizes. Raises what the library raises.
    """
    pixels = np.random.default_rng(0).integers(0, 256, (*_PICTURE, 3), dtype=np.uint8)
    differing = of = 0
    for name in FLAVOURS[flavour].filters:
        for size in _SIZES:
            recipe = Recipe(
                resize=size, crop=None, filter=name, flavour=flavour, layout="nhwc", divisor=1,
                mean=(0, 0, 0), std=(1, 1, 1),
            )  # fmt: skip
            ours = Preprocessor(recipe, workers=1)([pixels])[0]
            theirs = LIBRARIES[flavour].resize(pixels, size, name).astype(np.float32)
            differing += int(np.count_nonzero(ours != theirs))
            of += ours.size
    return differing, of

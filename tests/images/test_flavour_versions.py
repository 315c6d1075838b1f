"""What is said of a library whose version the flavours were not tried with."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regcore import Preprocessor, Recipe
from regcore.errors import FlavourWarning
from regcore.images.flavours import check
from regcore.images.flavours.libraries import LIBRARIES, Library
from regcore.recipes.flavours import FLAVOURS

MODULES = {
    "torch": "torch", "torch_float": "torch", "torch_no_antialias": "torch", "opencv": "cv2",
}  # fmt: skip
RECIPE = Recipe(resize=(5, 5), crop=None, filter="bilinear", flavour="opencv")


@pytest.fixture(autouse=True)
def _unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_checked", set())


def install(monkeypatch: pytest.MonkeyPatch, resize: Any) -> None:
    """Another OpenCV."""

    class Other(Library):
        def installed(self) -> str:
            return "9.8.7"

    library = LIBRARIES["opencv"]
    other = Other(library.name, library.packages, library.tried, resize)
    monkeypatch.setitem(LIBRARIES, "opencv", other)


def test_every_flavour_has_its_library() -> None:
    assert LIBRARIES.keys() == FLAVOURS.keys()


@pytest.mark.parametrize("flavour", MODULES)
def test_the_version_of_the_tests_is_not_told(flavour: str) -> None:
    pytest.importorskip(MODULES[flavour], reason="needs the library")
    library = LIBRARIES[flavour]
    assert library.was_tried(str(library.installed()))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Preprocessor(replace(RECIPE, flavour=flavour))


@pytest.mark.parametrize("flavour", MODULES)
def test_the_check_runs_the_library_itself(flavour: str) -> None:
    pytest.importorskip(MODULES[flavour], reason="needs the library")
    differing, of = check.differing_values(flavour)
    assert differing == 0
    assert of > 10_000


def test_another_version_that_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cv2", reason="needs opencv-python or opencv-python-headless")
    install(monkeypatch, LIBRARIES["opencv"].resize)
    with pytest.warns(FlavourWarning, match=r"OpenCV 5.0.0; 9.8.7 is .*found no difference"):
        Preprocessor(RECIPE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Preprocessor(RECIPE)  # it is told once


def test_another_version_that_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def black(_: NDArray[np.uint8], size: tuple[int, int], __: str) -> NDArray[np.uint8]:
        return np.zeros((*size, 3), np.uint8)

    install(monkeypatch, black)
    with pytest.warns(FlavourWarning, match=r"\d{5} of \d{6} values of a short check differ"):
        Preprocessor(RECIPE)


def test_another_version_that_does_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> NDArray[np.uint8]:
        raise ImportError("libGL.so.1: cannot open shared object file")

    install(monkeypatch, broken)
    with pytest.warns(FlavourWarning, match="does not run here: libGL"):
        Preprocessor(RECIPE)

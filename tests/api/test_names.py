"""The names of `regcore`: one table at run time, the same for type checkers."""

from __future__ import annotations

import ast
import inspect
from importlib.metadata import version

import pytest

import regcore


def test_type_checkers_know_the_names_of_the_table() -> None:
    tree = ast.parse(inspect.getsource(regcore))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    homes = {name: f"regcore.{home}" for name, home in vars(regcore)["_HOMES"].items()}
    assert imported == homes
    assert list(regcore.__all__) == sorted(homes)


@pytest.mark.parametrize("name", regcore.__all__)
def test_each_name_is_there(name: str) -> None:
    assert getattr(regcore, name).__doc__


def test_the_version_is_that_of_the_package() -> None:
    assert regcore.__version__ == version("regcore")


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="module 'regcore' has no attribute 'nothing'"):
        _ = regcore.nothing  # type: ignore[attr-defined]

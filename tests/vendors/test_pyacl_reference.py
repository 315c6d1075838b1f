"""The emulated acl, and what regcore calls of it, against the reference of the real one."""

from __future__ import annotations

import inspect
from typing import Any

import acl_emulator
import pytest

from vendors.pyacl_reference import CODE, PYACL, THREE_AND_CODE, VALUE, VALUE_AND_CODE
from vendors.source_uses import pyacl_calls

#: What the ways of regcore's calls take apart.
WAYS = {"do": CODE, "value": VALUE_AND_CODE, "make": VALUE_AND_CODE, "handle": VALUE}


def offered(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The methods of the emulator that become functions of acl, by their names there."""
    groups: dict[str, list[object]] = {}
    real = acl_emulator.make_module

    def spy(machine: Any, parts: dict[str, list[object]]) -> Any:
        groups.update(parts)
        return real(machine, parts)

    monkeypatch.setattr(acl_emulator, "make_module", spy)
    acl_emulator.Emulator()
    return {
        f"{part}.{name}".lstrip("."): getattr(one, name)
        for part, objects in groups.items()
        for one in objects
        for name in dir(one)
        if hasattr(getattr(one, name), "_acl_shape")
    }


def returned(method: Any) -> str:
    found = (1, 2, 3)
    given = method._acl_shape(found, 0)  # noqa: SLF001
    if given is found:
        return VALUE
    return CODE if given == 0 else {2: VALUE_AND_CODE, 4: THREE_AND_CODE}[len(given)]


def test_the_emulator_offers_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    methods = offered(monkeypatch)
    assert len(methods) > 50
    for name, method in methods.items():
        assert name in PYACL, f"acl.{name} is not in the reference"
        fewest, most, gives = PYACL[name]
        assert returned(method) == gives, name
        parameters = inspect.signature(method).parameters.values()
        if not any(one.kind is one.VAR_POSITIONAL for one in parameters):
            needed = [one for one in parameters if one.default is one.empty]
            assert (len(needed), len(parameters)) == (fewest, most), name


def test_regcore_calls_what_there_is() -> None:
    calls = list(pyacl_calls())
    assert len(calls) > 30
    for name, way, count, where in calls:
        assert name in PYACL, f"{where}: acl.{name} is not in the reference"
        fewest, most, gives = PYACL[name]
        assert count is None or fewest <= count <= most, f"{where}: acl.{name}: {count} arguments"
        # Who gets a value without its code may want the code alone, too.
        wanted = {WAYS[way]} if way in WAYS else {VALUE, CODE}
        assert gives in wanted, f"{where}: acl.{name} returns {gives}"

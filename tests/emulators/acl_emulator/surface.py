"""pyACL's functions made of methods: return shapes, counting, faults, and the module itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from acl_emulator.errors import AclError, Code, inject
from acl_emulator.machine import Machine

Method = Callable[..., Any]
_SHAPE = "_acl_shape"


def action(method: Method) -> Method:
    """Returns ret."""
    return _marked(method, lambda _, code: code)


def value(method: Method) -> Method:
    """Returns (value, ret)."""
    return _marked(method, lambda found, code: (found if code == 0 else 0, code))


def values(method: Method) -> Method:
    """Returns (*values, ret), for three values."""
    return _marked(method, lambda found, code: (*(found if code == 0 else (0, 0, 0)), code))


def getter(method: Method) -> Method:
    """Returns the bare value, 0 where it fails."""
    return _marked(method, lambda found, code: found if code == 0 else 0)


def _marked(method: Method, shape: Callable[[Any, int], Any]) -> Method:
    setattr(method, _SHAPE, shape)
    return method


def make_module(machine: Machine, groups: dict[str, list[object]]) -> ModuleType:
    """The module acl with its parts, as in {"": [...], "rt": [...]}: objects with such methods."""
    module = ModuleType("acl", "An emulated pyACL.")
    for part, objects in groups.items():
        target = ModuleType(f"acl.{part}") if part else module
        if part:
            setattr(module, part, target)
        for one in objects:
            for name in dir(one):
                method = getattr(one, name)
                if hasattr(method, _SHAPE):
                    full = f"{part}.{name}" if part else name
                    setattr(target, name, _function(machine, full, method))
    return module


def _function(machine: Machine, name: str, method: Method) -> Method:
    shape = getattr(method, _SHAPE)

    def call(*arguments: Any) -> Any:
        for argument in arguments:
            # As PyArg_ParseTuple, which takes no number of NumPy's, say, for a pointer.
            if type(argument) not in (int, str, bytes):
                raise TypeError(f"acl.{name} args parse failed: {argument!r}")
        with machine.lock:
            machine.calls.append(name)
            fault = machine.count(name)
            number = len(machine.calls)
        if machine.settings.trace:
            sys.stderr.write(f"acl.{name}\n")
            sys.stderr.flush()
        found, code = None, int(Code.SUCCESS)
        try:
            _check(machine, name, fault)
            found = method(*arguments)
        except AclError as error:
            machine.note(name, error)
            code = error.code
        if machine.on_call is not None:
            machine.on_call(name, number)
        return shape(found, code)

    call.__name__ = name.rsplit(".", maxsplit=1)[-1]
    call.__doc__ = method.__doc__
    return call


def _check(machine: Machine, name: str, fault: int | None) -> None:
    if not machine.initialised and name not in ("init", "finalize", "get_recent_err_msg"):
        raise AclError(Code.UNINITIALIZE, "acl.init was not called")
    inject(fault)

"""A functional and strict emulator of pyACL, for tests of programs that use it; see README.md."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from acl_emulator import base
from acl_emulator.base import Base, Util
from acl_emulator.descriptions import Descriptions
from acl_emulator.errors import AclError, Code
from acl_emulator.events import Events
from acl_emulator.inference import Inference
from acl_emulator.machine import Machine
from acl_emulator.runtime import Runtime
from acl_emulator.settings import Settings, Unverified
from acl_emulator.surface import make_module
from acl_emulator.transfers import Transfers

__all__ = ["AclError", "Code", "Emulator", "Settings", "Unverified"]


class Emulator:
    """One emulated machine, and the module `acl` that drives it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.machine = Machine(self.settings)
        runtime: list[object] = [Runtime(self.machine), Events(self.machine)]
        mdl: list[object] = [Inference(self.machine), Descriptions(self.machine)]
        self.module: ModuleType = make_module(
            self.machine,
            {
                "": [Base(self.machine)],
                "rt": [*runtime, Transfers(self.machine)],
                "mdl": mdl,
                "util": [Util(self.machine)],
            },
        )
        if not self.settings.unverified.error_text:
            del self.module.get_recent_err_msg
        if not self.settings.unverified.version:
            del self.module.get_version

    @property
    def calls(self) -> list[str]:
        """The names of all calls so far, as in `rt.malloc`."""
        return self.machine.calls

    @property
    def violations(self) -> list[str]:
        """Every rule that was broken, in words."""
        return self.machine.violations

    @property
    def held_gil(self) -> set[str]:
        """Calls that waited for a device while, in the real module, no other thread can run."""
        return self.machine.held_gil

    @property
    def leaks(self) -> list[str]:
        """What was alive when its device was reset, or at finalize."""
        return self.machine.leaks

    def alive(self) -> list[str]:
        """What was made and not given back yet."""
        return base.alive(self.machine)

    @contextmanager
    def installed(self) -> Iterator[ModuleType]:
        """`import acl` gives this one meanwhile."""
        before = sys.modules.get("acl")
        sys.modules["acl"] = self.module
        try:
            yield self.module
        finally:
            if before is None:
                del sys.modules["acl"]
            else:
                sys.modules["acl"] = before


def module_for_process() -> ModuleType:
    """The module of a process of its own, with settings from the variable ACL_EMULATOR."""
    emulator = Emulator(Settings.from_environment())

    def at_exit() -> None:
        if not emulator.machine.finalised:
            base.write_report(emulator.machine)

    atexit.register(at_exit)
    return emulator.module

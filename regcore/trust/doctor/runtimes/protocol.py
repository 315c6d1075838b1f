"""What the file of a runtime has: its name, its version, and a trial of its devices."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from regcore.trust.doctor.findings import DeviceFound


@dataclass(frozen=True)
class Runtime:
    """A runtime.

    packages: the distributions that bring it. module: what is imported, for one that pip does not
    install; its version is then unknown until it is. devices: tries them, and those of the names
    that are asked for besides; raises what the runtime raises where it does not import.
    """

    name: str
    packages: tuple[str, ...]
    devices: Callable[[Collection[str]], Sequence[DeviceFound]]
    module: str = ""

    def version(self) -> str | None:
        """The version that is installed here, without an import; None where there is none."""
        for package in self.packages:
            try:
                found = version(package)
            except PackageNotFoundError:
                continue
            return found
        return "" if self.module and find_spec(self.module) is not None else None


def tried(name: str, trial: Callable[[], str]) -> DeviceFound:
    """A device, by what `trial` says of it, or what it raises."""
    from regcore.errors import first_line

    try:
        return DeviceFound(name, True, trial())  # noqa: FBT003
    except Exception as error:  # noqa: BLE001  (it is code of others)
        return DeviceFound(name, False, first_line(error))  # noqa: FBT003

"""What is expected of a vendor's package, and what it is found to have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Use:
    """A name in a vendor's module that something relies on, and how.

    name: dotted, from the module on. where: who relies on it. arguments: how many are given by
    their place; None where it is not called, or nobody knows. keywords: those given by name.
    value: of a member of an enumeration. gives: how many values a call returns, its code counted.
    optional: a module without it is fine.
    """

    module: str
    name: str
    where: str
    arguments: int | None = None
    keywords: tuple[str, ...] = ()
    value: int | None = None
    gives: int | None = None
    optional: bool = False

    def question(self) -> dict[str, Any]:
        """For describe.py."""
        return asdict(self)


def complaints(use: Use, found: dict[str, Any]) -> list[str]:
    """What is wrong, a sentence each, with what describe.py has found of it."""
    name = f"{use.module}.{use.name} ({use.where})"
    if not found["there"]:
        return [] if use.optional else [f"{name}: is not there"]
    told = []
    if use.value is not None and found["value"] != use.value:
        told.append(f"{name}: is {found['value']}, not {use.value}")
    if use.gives is not None and found["gives"] not in (None, use.gives):
        told.append(f"{name}: gives {found['gives']} values, not {use.gives}")
    called = use.arguments is not None or use.keywords
    signatures = found["signatures"]
    if called and signatures is not None and not any(_takes(one, use) for one in signatures):
        given = ", ".join([f"{use.arguments} by place", *use.keywords])
        told.append(f"{name}: takes {'; '.join(map(_shown, signatures))}, but is given {given}")
    return told


def _takes(parameters: list[dict[str, Any]], use: Use) -> bool:
    """Whether a signature takes the arguments of a use."""
    placed = [one for one in parameters if one["kind"] in ("place", "either")]
    count = len(placed) if use.arguments is None else use.arguments
    if count > len(placed) and not any(one["kind"] == "more" for one in parameters):
        return False
    given = {one["name"] for one in placed[:count]}
    open_names = {
        one["name"] for one in parameters if one["kind"] in ("either", "name") and not one["more"]
    } - given
    if not set(use.keywords) <= open_names and not any(one["more"] for one in parameters):
        return False
    given |= set(use.keywords)
    return all(one["name"] in given or not one["required"] for one in parameters)


def _shown(parameters: list[dict[str, Any]]) -> str:
    return f"({', '.join(one['name'] + ('' if one['required'] else '=') for one in parameters)})"

"""The comparison itself, on a package that is made up: whatever is wrong is found."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from vendors.source_uses import held_uses
from vendors.use import Use, complaints
from vendors.wheels import describe

VENDOR = '''
from enum import IntEnum

class Flag(IntEnum):
    ON = 1

class Engine:
    """An engine."""
    def __init__(self, logger): ...
    def run(self, name, stream=0): ...
    def bound(self, *args, **kwargs):
        """bound(*args, **kwargs)
        Overloaded function.

        1. bound(self: v.Engine, name: str, shape: Tuple[int, int]) -> bool

        2. bound(self: v.Engine, arg0: Callable[[int], None], kind: v.Kind = <Kind.A: 0>) -> bool
        """
    size = property(lambda self: 1)

def cudaDriverGetVersion(): return 0, 0
def cudaFree(address): return (35,)
'''


@pytest.fixture
def vendor(tmp_path: Path) -> Path:
    (tmp_path / "made_up_vendor.py").write_text(VENDOR)
    return tmp_path


def use(name: str, **options: object) -> Use:
    return Use("made_up_vendor", name, "here", **options)  # type: ignore[arg-type]


def test_what_is_right_passes_and_what_is_wrong_is_told(vendor: Path) -> None:
    right = [
        use("Flag.ON", value=1),
        use("Engine", arguments=1),
        use("Engine.run", arguments=2),
        use("Engine.run", arguments=1, keywords=("stream",)),
        use("Engine.bound", arguments=2),
        use("Engine.bound", arguments=1, keywords=("kind",)),
        use("Engine.size"),
        use("cudaFree", arguments=1, gives=1),
        use("Engine.old", optional=True),
    ]
    wrong = {
        use("Engine.rum", arguments=1): "made_up_vendor.Engine.rum (here): is not there",
        use("Flag.ON", value=2): "is 1, not 2",
        use("Engine", arguments=2): "takes (logger), but is given 2 by place",
        use("Engine.run", arguments=3): "takes (name, stream=), but is given 3 by place",
        use("Engine.run", arguments=0): "but is given 0 by place",
        use("Engine.run", arguments=1, keywords=("streams",)): "given 1 by place, streams",
        use("Engine.bound", arguments=3): "takes (name, shape); (arg0, kind=), but is given 3",
        use("Engine.bound", arguments=0, keywords=("arg0",)): "given 0 by place, arg0",
        use("cudaFree", arguments=1, gives=2): "gives 1 values, not 2",
    }
    answers = describe([*right, *wrong], vendor)
    told = [complaints(one, found) for one, found in zip([*right, *wrong], answers, strict=True)]
    assert told[: len(right)] == [[]] * len(right)
    for words, (said,) in zip(wrong.values(), told[len(right) :], strict=True):
        assert words in said


def test_a_package_that_is_not_there_has_none_of_the_names() -> None:
    (found,) = describe([Use("no_such_vendor", "name", "here")])
    assert complaints(Use("no_such_vendor", "name", "here"), found)


def test_uses_are_found_in_source() -> None:
    source = """
engine = factory()
engine.run("a", stream=1)
engine.set_shape(*shapes)
self._made("no", trt.Runtime, logger)
trt.Flag.ON
trt.ILogger.__init__(self)
engine.context().run(1)
"""
    holders = {"trt": "", "engine": "Engine"}
    found = {
        (one.name, one.arguments, one.keywords)
        for one in held_uses(ast.parse(source), holders, "v", "file")
    }
    assert found == {
        ("Engine.run", 1, ("stream",)),
        ("Engine.set_shape", None, ()),
        ("Runtime", 1, ()),
        ("Flag.ON", None, ()),
        ("ILogger", 0, ()),
        ("Engine.context", 0, ()),
    }

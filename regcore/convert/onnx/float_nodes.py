"""Which nodes of a model a quantiser must leave in float."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from regcore.errors import UsageError

if TYPE_CHECKING:
    from onnx import GraphProto

#: Operators whose inputs from the second on are sizes and places, and of which only the first is
#: data.
_TAKE_SIZES = frozenset(
    {"Pad", "Reshape", "Slice", "Expand", "Resize", "Tile", "Unsqueeze", "Squeeze", "Gather"}
)


def nodes_named(graph: GraphProto, wanted: Sequence[str]) -> list[str]:
    """The names of the nodes that are wanted, each by its name or a pattern with * and ?.

    Raises UsageError, with the nearest names, where there is none.
    """
    names = [node.name for node in graph.node if node.name]
    found: dict[str, None] = {}
    for pattern in wanted:
        fitting = [name for name in names if name == pattern or fnmatchcase(name, pattern)]
        if not fitting:
            near = get_close_matches(pattern, names, 3, 0)
            raise UsageError(
                f"--keep {pattern}: the model has no such node; the nearest are {', '.join(near)}"
            )
        found.update(dict.fromkeys(fitting))
    return list(found)


def name_nodes(graph: GraphProto) -> None:
    """Gives each node without a name one of its own, `Conv_12`: quantisers know nodes by names."""
    taken = {node.name for node in graph.node}
    for number, node in enumerate(graph.node):
        if not node.name:
            name = f"{node.op_type}_{number}"
            while name in taken:
                name += "_"
            taken.add(name)
            node.name = name


def shape_nodes(graph: GraphProto) -> list[str]:
    """The names of the nodes that compute with sizes, from Shape on until a node takes the result.

    Some do so in float, as for TensorFlow's padding, and 8 bits would make other sizes of them.
    """
    sizes: set[str] = set()
    names = []
    for node in graph.node:  # which are in the order of their computation
        data = node.input[:1] if node.op_type in _TAKE_SIZES else node.input
        if node.op_type in {"Shape", "Size"} or any(name in sizes for name in data):
            sizes.update(node.output)
            names.append(node.name)
    return [name for name in names if name]

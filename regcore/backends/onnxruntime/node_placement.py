"""On which provider ONNX Runtime put the nodes of a model, and what of that is tolerated."""

from __future__ import annotations

from collections import Counter
from types import ModuleType
from typing import TYPE_CHECKING

from regcore.backends.onnxruntime.providers import CPU

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, SessionOptions

# ONNX Runtime itself puts what computes sizes on the CPU, beside any device.
# fmt: off
_SHAPE_ARITHMETIC = frozenset((
    "Abs", "Add", "And", "Cast", "Ceil", "Clip", "Concat", "Constant", "ConstantOfShape", "Div",
    "Equal", "Expand", "Floor", "Gather", "GatherElements", "GatherND", "Greater",
    "GreaterOrEqual", "Identity", "Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg",
    "NonZero", "Not", "Or", "Pow", "Range", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceSum",
    "Reshape", "Round", "ScatterND", "Shape", "Sign", "Size", "Slice", "Split", "Sqrt",
    "Squeeze", "Sub", "Tile", "Transpose", "Unsqueeze", "Where",
))
# fmt: on
_SIZES = ("Shape", "Size")
_STANDARD = ("", "ai.onnx")
_RECORD = "session.record_ep_graph_assignment_info"
#: Fails a session any node of which is on the CPU, be it arithmetic of shapes.
_REFUSE_ALL = "session.disable_cpu_ep_fallback"


def can_tell(runtime: ModuleType) -> bool:
    """Whether this ONNX Runtime, 1.24 or later, says where it put each node."""
    return hasattr(runtime.InferenceSession, "get_provider_graph_assignment_info")


def record_placement(options: SessionOptions) -> None:
    """Has a session note where its nodes are."""
    options.add_session_config_entry(_RECORD, "1")


def refuse_all_fallback(options: SessionOptions) -> None:
    """Has a session fail for any node on the CPU, for a runtime that cannot tell."""
    options.add_session_config_entry(_REFUSE_ALL, "1")


def nodes_of(session: InferenceSession, provider: str | None = None) -> Counter[str]:
    """How many nodes of each operator are on a provider, or on all, in a session that noted it."""
    return Counter(
        node.op_type if node.domain in _STANDARD else f"{node.domain}.{node.op_type}"
        for part in session.get_provider_graph_assignment_info()
        if provider in (None, part.ep_name)
        for node in part.get_nodes()
    )


def on_cpu(session: InferenceSession) -> Counter[str]:
    """The nodes on the CPU."""
    return nodes_of(session, CPU)


def heavy(nodes: Counter[str]) -> Counter[str]:
    """Those of the nodes that compute more than sizes."""
    return Counter({kind: n for kind, n in nodes.items() if kind not in _SHAPE_ARITHMETIC})


def computes_sizes(session: InferenceSession) -> bool:
    """Whether anything in the model depends on the size of its input, as far as is known."""
    nodes = nodes_of(session)
    return any(nodes[kind] for kind in _SIZES)


def in_words(nodes: Counter[str]) -> str:
    """As in `5 Gather and 2 Concat`, the most frequent first."""
    *others, last = (f"{count} {kind}" for kind, count in nodes.most_common())
    return f"{', '.join(others)} and {last}" if others else last

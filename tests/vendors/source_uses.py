"""The vendors' names that regcore's own source uses, found by reading it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import regcore
from vendors.use import Use

SOURCE = Path(regcore.__file__).parent

#: In a file, the expressions that hold a vendor's object, and the class of each; the module itself
#: has none.
Holders = Mapping[str, str]

TENSORRT: Mapping[str, Holders] = {
    "backends/tensorrt/engine_io.py": {"trt": "", "engine": "ICudaEngine"},
    "backends/tensorrt/library.py": {"trt": "", "tensorrt": ""},
    "backends/tensorrt/cuda_graph.py": {"context": "IExecutionContext"},
    "backends/tensorrt/execution_slot.py": {"context": "IExecutionContext"},
    "backends/tensorrt/session.py": {
        "self._trt": "",
        "runtime": "Runtime",
        "engine": "ICudaEngine",
        "context": "IExecutionContext",
    },
    "convert/tensorrt/python_builder.py": {
        "trt": "",
        "self._tensorrt": "",
        "builder": "Builder",
        "parser": "OnnxParser",
        "config": "IBuilderConfig",
        "profile": "IOptimizationProfile",
        "cache": "ITimingCache",
    },
}
#: Names that newer versions of TensorRT do not have, and the first of these versions: what uses
#: them asks for the version before.
GONE = {"BuilderFlag.FP16": 11, "NetworkDefinitionCreationFlag.EXPLICIT_BATCH": 11}
_CUDA_ERROR = re.compile(r"cudaError\w+")


def tensorrt_uses(major: int) -> list[Use]:
    """Of TensorRT's package in a version."""
    found = [
        use
        for file, holders in TENSORRT.items()
        for use in held_uses(tree_of(SOURCE / file), holders, "tensorrt_bindings", file)
    ]
    tree = tree_of(SOURCE / "backends/tensorrt/engine_io.py")
    types = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_DTYPES"
    )
    assert isinstance(types, ast.Dict)
    names = [ast.literal_eval(key) for key in types.keys if key is not None]
    found += [Use("tensorrt_bindings", f"DataType.{name}", "engine_io.py") for name in names]
    return [use for use in found if GONE.get(use.name, major + 1) > major]


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def held_uses(tree: ast.AST, holders: Holders, module: str, file: str) -> Iterator[Use]:
    """Every attribute of what `holders` says, with the arguments of its call."""
    nodes = list(ast.walk(tree))
    calls = {id(node.func): node for node in nodes if isinstance(node, ast.Call)}
    # Factories that are called for the caller, as in self._made("no runtime", trt.Runtime, logger).
    made = {
        id(node.args[1]): node.args[2:]
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "self._made"
    }
    within = {id(node.value) for node in nodes if isinstance(node, ast.Attribute)}
    for node in nodes:
        if not isinstance(node, ast.Attribute) or id(node) in within:
            continue
        holder, name = _split(ast.unparse(node), holders)
        if holder is None:
            continue
        full = ".".join(filter(None, (holders[holder], name)))
        where = f"{file}:{node.lineno}"
        call = calls.get(id(node))
        if call is not None:
            yield _called(Use(module, full, where), call.args, call.keywords)
        elif id(node) in made:
            yield _called(Use(module, full, where), made[id(node)], [])
        else:
            yield Use(module, full, where)


def _split(text: str, holders: Holders) -> tuple[str | None, str]:
    for holder in holders:
        name = text.removeprefix(f"{holder}.")
        if name != text and re.fullmatch(r"[\w.]+", name):
            return holder, name
    return None, ""


def _called(use: Use, places: list[ast.expr], keywords: list[ast.keyword]) -> Use:
    spread = any(isinstance(one, ast.Starred) for one in places)
    name, count = use.name, len(places)
    if name.endswith(".__init__"):  # its first argument is the object
        name, count = name.removesuffix(".__init__"), count - 1
    return Use(
        use.module,
        name,
        use.where,
        arguments=None if spread else count,
        keywords=tuple(one.arg for one in keywords if one.arg is not None),
    )


def cuda_uses() -> list[Use]:
    """Of cuda.bindings: calls by name, as in do("SetDevice", 0), enumerations and error names."""
    found = [Use("cuda.bindings.utils", "get_cuda_native_handle", "runtime.py", arguments=1)]
    found.append(Use("cuda.bindings.runtime", "cudaDeviceProp.name", "session.py"))
    rooms = (SOURCE / "backends/cuda", SOURCE / "backends/tensorrt")
    for path in sorted(path for room in rooms for path in room.glob("*.py")):
        for node in ast.walk(tree_of(path)):
            where = f"{path.name}:{getattr(node, 'lineno', '')}"
            if isinstance(node, ast.Call):
                found += _cuda_calls(node, where)
            elif isinstance(node, ast.Attribute):
                name = ast.unparse(node).rpartition("module.")[2]
                if re.fullmatch(r"cuda[A-Z][\w.]*", name):
                    found.append(Use("cuda.bindings.runtime", name, where))
            elif isinstance(node, ast.Constant) and _CUDA_ERROR.fullmatch(str(node.value)):
                name = f"cudaError_t.{node.value}"
                found.append(Use("cuda.bindings.runtime", name, where))
    return found


#: How many values a call gives that is made so.
_GIVES = {"do": 1, "value": 2, "make": 2}


def _cuda_calls(node: ast.Call, where: str) -> Iterator[Use]:
    function = node.func
    arguments = list(node.args)
    if ast.unparse(function) == "partial" and arguments:
        function = arguments.pop(0)
    if not isinstance(function, ast.Attribute):
        return
    way = function.attr
    if way in _GIVES and arguments and isinstance(arguments[0], ast.Constant):
        yield _cuda_use(str(arguments[0].value), where, len(arguments) - 1, _GIVES[way])
    for keyword in node.keywords:
        if keyword.arg == "undo":
            yield _cuda_use(str(ast.literal_eval(keyword.value)), where, 1, 1)


def _cuda_use(name: str, where: str, arguments: int, gives: int) -> Use:
    module = "cuda.bindings.runtime"
    return Use(module, f"cuda{name}", where, arguments=arguments, gives=gives)


def pyacl_calls() -> Iterator[tuple[str, str, int | None, str]]:
    """Of Huawei's acl: name, way of the call (do, value, handle, get), arguments, and where.

    The arguments are None where their number is not in the source.
    """
    for path in sorted((SOURCE / "backends/ascend").glob("*.py")):
        for node in ast.walk(tree_of(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            where = f"{path.name}:{node.lineno}"
            first = node.args[0] if node.args else None
            if node.func.attr in ("do", "value", "handle", "get", "make") and first is not None:
                spread = any(isinstance(one, ast.Starred) for one in node.args)
                count = None if spread else len(node.args) - 1
                for name in _names(first):
                    yield name, node.func.attr, count, where
            for keyword in node.keywords:
                if keyword.arg == "undo":
                    yield str(ast.literal_eval(keyword.value)), "do", 1, where


def _names(expression: ast.expr) -> Iterator[str]:
    """The names in a string; of mdl.get_{side}_dims, those of both sides."""
    if isinstance(expression, ast.Constant):
        yield str(expression.value)
    elif isinstance(expression, ast.JoinedStr):
        text = ast.unparse(expression).strip("f'\"")
        for side in ("input", "output"):
            yield text.replace("{side}", side)

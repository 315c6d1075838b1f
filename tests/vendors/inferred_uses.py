"""Names of ONNX Runtime and OpenVINO in regcore's source, by what its variables are made of."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from vendors.source_uses import SOURCE, held_uses, tree_of
from vendors.use import Use

#: The class of what a call of this name gives.
_MADE: Mapping[str, Mapping[str, str]] = {
    "onnxruntime": {
        "SessionOptions": "SessionOptions",
        "InferenceSession": "InferenceSession",
        "open_session": "InferenceSession",
        "io_binding": "IOBinding",
    },
    "openvino": {
        "Core": "Core",
        "read_model": "Model",
        "compile_model": "CompiledModel",
        "create_infer_request": "InferRequest",
    },
}
#: Expressions that always hold a vendor's module, which has no class, or an object of it.
_NAMED: Mapping[str, Mapping[str, str]] = {
    "onnxruntime": {"runtime": "", "self.runtime": "", "onnxruntime": ""},
    "openvino": {
        "openvino": "",
        "import_openvino()": "",
        "core": "Core",
        "request": "InferRequest",
        "oldest.request": "InferRequest",
        "entry.request": "InferRequest",
        "done.request": "InferRequest",
    },
}
#: Classes that annotations name.
_ANNOTATED = {
    "onnxruntime": ("InferenceSession", "SessionOptions", "IOBinding", "OrtValue", "NodeArg"),
    "openvino": ("Core", "Model", "CompiledModel", "InferRequest", "ConstOutput", "Tensor"),
}


def inferred_uses(vendor: str) -> list[Use]:
    """Of a vendor's package, wherever its names are used."""
    found: list[Use] = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = tree_of(path)
        found += _imports(tree, vendor, path.name)
        if path.parent != SOURCE / "backends" / vendor:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                holders = {**_NAMED[vendor], **dict(_holders(node, vendor))}
                found += held_uses(node, holders, vendor, path.name)
    return found


def _imports(tree: ast.AST, vendor: str, file: str) -> Iterator[Use]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == vendor:
            for alias in node.names:
                yield Use(node.module or "", alias.name, f"{file}:{node.lineno}")


def _holders(function: ast.FunctionDef, vendor: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if isinstance(node, ast.arg) and node.annotation is not None:
            kind = ast.unparse(node.annotation).strip("'\"").rpartition(".")[2]
            if kind in _ANNOTATED[vendor]:
                yield node.arg, kind
        elif isinstance(node, ast.Assign):
            made = ast.unparse(node.value).partition("(")[0].rpartition(".")[2]
            if isinstance(node.value, ast.Call) and made in _MADE[vendor]:
                yield ast.unparse(node.targets[0]), _MADE[vendor][made]
            elif isinstance(node.value, ast.Attribute) and made in _ANNOTATED[vendor]:
                yield ast.unparse(node.targets[0]), made

"""Configurations that are Python files, as MMEngine's are: read as text, never run.

Literals, dict(...), names of earlier values, arithmetic on numbers and `_base_` files are read.
A value that is made in any other way is an Unread, and so is everything before a statement that
might change values which exist already.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

from regcore.errors import DatasetError, first_line
from regcore.files.arguments import shown
from regcore.files.input_file import read_input_text
from regcore.recipes.extent import check_extent
from regcore.recipes.settings import Unread

_MAX_BYTES = 1 << 20
_MAX_FILES = 64
_LARGEST_NUMBER = float(1 << 63)

_Number = int | float
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], _Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
#: Functions that change none of their arguments.
_HARMLESS = frozenset({"dict", "list", "tuple", "round", "int", "float", "str", "len", "range"})


def read_python_config(path: str | Path) -> dict[str, Any]:
    """The values of a file by name, merged into those of the files in its `_base_`.

    Raises DatasetError where a file is absent, larger than 1 MiB or no Python.
    """
    try:
        values = _File(Path(path), []).merged()
    except RecursionError as error:
        raise DatasetError(f"{path}: nested too deeply") from error
    check_extent(values, str(path))
    return values


class _File:
    """One file. `opened` has the files read so far, from the outermost."""

    def __init__(self, path: Path, opened: list[Path]) -> None:
        opened.append(path)
        if len(opened) > _MAX_FILES:
            raise DatasetError(f"{path}: _base_: more than {_MAX_FILES} files, or one its own base")
        self._path = path
        self._opened = opened
        self._base: dict[str, Any] = {}
        self._values: dict[str, Any] = {}
        for statement in _parse(path).body:
            self._run(statement)

    def merged(self) -> dict[str, Any]:
        """The file's values over those of its bases."""
        values = {name: value for name, value in self._values.items() if name != "_base_"}
        merged: dict[str, Any] = _merge(values, self._base)
        return merged

    def _run(self, statement: ast.stmt) -> None:
        match statement:
            case ast.Assign(targets=targets) if all(isinstance(each, ast.Name) for each in targets):
                self._assign(statement, [each.id for each in targets if isinstance(each, ast.Name)])
            case ast.Expr(value=ast.Constant()) | ast.Pass():
                pass
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                if any(each.name == "*" for each in names):
                    raise DatasetError(
                        f"{self._path}, line {statement.lineno}: import *: what it brings is not "
                        "read; a pipeline can be given as a list instead"
                    )
                for each in names:
                    self._values[each.asname or each.name] = Unread(statement.lineno)
            case _:
                self._forget(statement)

    def _assign(self, statement: ast.Assign, names: list[str]) -> None:
        value = self._evaluate(statement.value)
        if self._may_change_values(statement.value):
            self._forget(statement)
        if "_base_" in names:
            self._base = self._read_bases(value)
        self._values.update(dict.fromkeys(names, value))

    def _may_change_values(self, expression: ast.expr) -> bool:
        for node in ast.walk(expression):
            if isinstance(node, ast.NamedExpr):
                return True
            if isinstance(node, ast.Call):
                function = node.func
                if not isinstance(function, ast.Name) or function.id not in _HARMLESS:
                    return True
                if function.id in self._values:
                    return True
        return False

    def _forget(self, statement: ast.stmt) -> None:
        unread = Unread(statement.lineno)
        self._base = dict.fromkeys(self._base, unread)
        bound = [
            each.id
            for each in ast.walk(statement)
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
        ]
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            bound.append(statement.name)
        self._values = dict.fromkeys((*self._values, *bound), unread)

    def _read_bases(self, named: object) -> dict[str, Any]:
        names = [named] if isinstance(named, str) else named
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise DatasetError(f"{self._path}: _base_: must be the names of files")
        values: dict[str, Any] = {}
        for name in names:
            if "::" in name:
                raise DatasetError(f"{self._path}: _base_: {shown(name)} is of another package")
            base = _File(self._path.parent / name, self._opened).merged()
            for key in base.keys() & values.keys():
                raise DatasetError(f"{self._path}: _base_: two of its files have {shown(key)}")
            values |= base
        return values

    def _evaluate(self, node: ast.expr) -> Any:  # noqa: ANN401, PLR0911
        match node:
            case ast.Constant(value=value):
                is_template = isinstance(value, str) and "{{" in value
                return Unread(node.lineno) if is_template else value
            case ast.List(elts=parts):
                return self._all(parts, list)
            case ast.Tuple(elts=parts):
                return self._all(parts, tuple)
            case ast.Dict(keys=keys, values=values):
                return self._dict([key and self._evaluate(key) for key in keys], values, node)
            case ast.Call(func=ast.Name(id="dict"), args=[], keywords=keywords):
                names = [each.arg for each in keywords]
                return self._dict(names, [each.value for each in keywords], node)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return _computed(operator.sub, 0, self._evaluate(inner), node)
            case ast.BinOp(left=left, op=symbol, right=right) if type(symbol) in _ARITHMETIC:
                function = _ARITHMETIC[type(symbol)]
                return _computed(function, self._evaluate(left), self._evaluate(right), node)
        return self._look_up(node)

    def _look_up(self, node: ast.expr) -> Any:  # noqa: ANN401
        """An earlier value, or a part of it."""
        match node:
            case ast.Name(id="_base_") if "_base_" in self._values:
                return self._base
            case ast.Name(id=name) if name in self._values:
                return self._values[name]
            case ast.Attribute(value=inner, attr=key):
                return _part(self._evaluate(inner), key, node)
            case ast.Subscript(value=inner, slice=ast.Constant(value=key)):
                return _part(self._evaluate(inner), key, node)
            case ast.Set(elts=[ast.Set(elts=[inner])]):  # {{_base_.name}}
                return self._evaluate(inner)
        return Unread(node.lineno)

    def _all(self, parts: list[ast.expr], kind: type[list[Any] | tuple[Any, ...]]) -> Any:  # noqa: ANN401
        for part in parts:
            if isinstance(part, ast.Starred):
                return Unread(part.lineno)
        return kind(self._evaluate(part) for part in parts)

    def _dict(self, keys: list[Any], values: list[ast.expr], node: ast.expr) -> Any:  # noqa: ANN401
        """The values under their keys; None as a key is `**`."""
        result: dict[Any, Any] = {}
        for key, part in zip(keys, values, strict=True):
            value = self._evaluate(part)
            if key is None and isinstance(value, dict):
                result |= value
            elif isinstance(key, (str, int, float)):
                result[key] = value
            else:
                return Unread(node.lineno)
        return result


def _parse(path: Path) -> ast.Module:
    text = read_input_text(path, _MAX_BYTES)
    try:
        return ast.parse(text)
    except SyntaxError as error:
        raise DatasetError(f"{path}, line {error.lineno}: not Python: {error.msg}") from error
    except (ValueError, MemoryError) as error:  # a NUL character; nested too deeply
        raise DatasetError(f"{path}: not Python: {first_line(error)}") from error


def _part(value: Any, key: Any, node: ast.expr) -> Any:  # noqa: ANN401
    if isinstance(value, dict) and isinstance(key, (str, int)) and key in value:
        return value[key]
    if isinstance(value, (list, tuple)) and type(key) is int and 0 <= key < len(value):
        return value[key]
    return Unread(node.lineno)


def _computed(
    function: Callable[[Any, Any], _Number], left: object, right: object, node: ast.expr
) -> _Number | Unread:
    if not all(type(each) in {int, float} for each in (left, right)):
        return Unread(node.lineno)
    try:
        number = function(left, right)
    except (ArithmeticError, ValueError):
        return Unread(node.lineno)
    return number if abs(number) <= _LARGEST_NUMBER else Unread(node.lineno)


def _merge(values: Any, base: Any) -> Any:  # noqa: ANN401
    """MMEngine's merge: dicts into each other, unless one says _delete_; all else replaces."""
    if isinstance(values, dict) and isinstance(base, Unread):
        return base if not values.get("_delete_") else _merge(values, {})
    if not isinstance(values, dict) or not isinstance(base, dict):
        return values
    kept = {} if values.get("_delete_") else base
    own = {key: _merge(value, kept[key]) if key in kept else value for key, value in values.items()}
    return {key: value for key, value in {**kept, **own}.items() if key != "_delete_"}

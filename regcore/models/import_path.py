"""A PyTorch model from a function of the user's own, named by its import path."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regcore.errors import BackendError, UsageError, first_line
from regcore.frameworks import import_torch

if TYPE_CHECKING:
    from torch import nn

_IMPORT_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


def import_model(path: str) -> nn.Module:
    """What the function `package.module:function` returns without arguments, in evaluation mode.

    The working folder is importable, as for `python -m`; code from there and from whatever it
    imports is executed. Raises UsageError where there is no such function, BackendError where it
    fails or returns no torch.nn.Module.
    """
    torch = import_torch()
    if not _IMPORT_PATH.fullmatch(path):
        raise UsageError(f"{path!r} is no import path such as package.module:function")
    module_name, _, name = path.partition(":")
    with _working_folder_importable():
        function = _find(path, module_name, name)
        model = _attempt(path, function)
    if not isinstance(model, torch.nn.Module):
        raise BackendError(f"{path}: returned {type(model).__name__}, not a torch.nn.Module")
    module: nn.Module = model
    return module.eval()


def _find(path: str, module_name: str, name: str) -> Callable[[], Any]:
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{module_name}.".startswith(f"{error.name}."):
            raise UsageError(f"{path}: there is no module {error.name}") from error
        raise BackendError(f"{path}: its import fails: {first_line(error)}") from error
    except Exception as error:  # whatever the code of the module brings
        raise BackendError(
            f"{path}: its import fails: {type(error).__name__}: {first_line(error)}"
        ) from error
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise UsageError(f"{path}: {module_name} has no function {name}")
    function: Callable[[], Any] = found
    return function


def _attempt(path: str, function: Callable[[], Any]) -> object:
    try:
        return function()
    except Exception as error:  # whatever the function brings
        raise BackendError(
            f"{path}: failed: {type(error).__name__}: {first_line(error)}"
        ) from error


@contextmanager
def _working_folder_importable() -> Iterator[None]:
    folder = str(Path.cwd())
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)

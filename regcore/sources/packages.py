"""The packages that read some sources, imported when they are used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from regcore.errors import BackendError


def import_reader(package: str, extra: str, what: str) -> ModuleType:
    """A package of an extra of regcore. Raises BackendError where it is not installed."""
    try:
        return import_module(package)
    except ImportError as error:
        raise BackendError(
            f"{what} needs the package {package.partition('.')[0]} ({error}); "
            f"install it with: pip install 'regcore[{extra}]'"
        ) from error


def import_arrow() -> Any:  # noqa: ANN401  (a module)
    """The module pyarrow. Raises BackendError where it is not installed."""
    import_reader("pyarrow.types", "arrow", "reading parquet and Arrow files")
    return import_reader("pyarrow", "arrow", "reading parquet and Arrow files")

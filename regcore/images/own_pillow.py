"""A Pillow that no other part of the process can set: its Python modules, loaded a second time.

Pillow's switches (LOAD_TRUNCATED_IMAGES, MAX_IMAGE_PIXELS) are variables of its modules, and its
warnings go through filters that belong to the whole process. Setting either back for a while would
be seen by all other threads. So regcore has instances of the modules of its own, with Pillow's own
defaults and without warnings; the compiled parts, which have no such switches, are shared.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from types import ModuleType
from typing import Any

from regcore.errors import RegcoreError

_PACKAGE = "regcore._own_pillow"
_COMPILED = ("_imaging", "_webp")
_MODULES = (
    "Image",
    "ImageFile",
    "ImageSequence",
    "BmpImagePlugin",
    "GifImagePlugin",
    "JpegImagePlugin",
    "MpoImagePlugin",
    "PngImagePlugin",
    "PpmImagePlugin",
    "TiffImagePlugin",
    "WebPImagePlugin",
)

_lock = threading.Lock()
_loaded: list[ModuleType] = []


class _NoWarnings:
    """In place of the module `warnings`."""

    @staticmethod
    def warn(*_: object, **__: object) -> None:
        """Says nothing."""


def image_module() -> Any:  # noqa: ANN401  (the modules have no types under this name)
    """Pillow's module Image, of regcore's own instance; RegcoreError where it cannot be loaded."""
    if not _loaded:
        with _lock:
            if not _loaded:
                try:
                    _loaded.append(_load())
                except (ImportError, OSError, AttributeError) as error:
                    _forget()
                    raise RegcoreError(f"Pillow cannot be loaded: {error}") from None
    return _loaded[0]


def _load() -> ModuleType:
    public = importlib.import_module("PIL")
    spec = importlib.util.spec_from_file_location(
        _PACKAGE, public.__file__, submodule_search_locations=list(public.__path__)
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no such file: {public.__file__}")
    package = importlib.util.module_from_spec(spec)
    sys.modules[_PACKAGE] = package
    spec.loader.exec_module(package)
    for name in _COMPILED:
        if importlib.util.find_spec(f"PIL.{name}") is not None:
            compiled = importlib.import_module(f"PIL.{name}")
            sys.modules[f"{_PACKAGE}.{name}"] = compiled
            setattr(package, name, compiled)
    for name in _MODULES:
        importlib.import_module(f"{_PACKAGE}.{name}")
    for name, module in list(sys.modules.items()):
        if name.startswith(f"{_PACKAGE}.") and hasattr(module, "warnings"):
            module.warnings = _NoWarnings  # type: ignore[attr-defined]
    return sys.modules[f"{_PACKAGE}.Image"]


def _forget() -> None:
    """What was loaded in part, so that the next try begins anew."""
    for name in [name for name in sys.modules if name.startswith(_PACKAGE)]:
        del sys.modules[name]

"""Configurations in YAML, read with PyYAML's safe loader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from regcore.errors import BackendError, DatasetError, first_line
from regcore.files.input_file import read_input_text
from regcore.recipes.extent import check_extent

_MAX_BYTES = 1 << 20


def read_yaml(path: str | Path) -> Any:  # noqa: ANN401
    """The one document of a file, as Python's own types.

    Raises DatasetError where the file is absent, larger than 1 MiB or no YAML; BackendError where
    PyYAML is not installed.
    """
    try:
        import yaml
    except ImportError as error:
        raise BackendError(
            f"PyYAML is not installed ({error}); install it with: pip install 'regcore[recipes]'"
        ) from error
    text = read_input_text(path, _MAX_BYTES)
    try:
        document = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise DatasetError(f"{path}{line}: not YAML: {error.problem}") from error
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError) as error:
        # PyYAML lets through what its conversions of numbers, dates and keys raise.
        raise DatasetError(f"{path}: not YAML: {first_line(error)}") from error
    except RecursionError as error:
        raise DatasetError(f"{path}: not YAML: nested too deeply") from error
    check_extent(document, str(path))
    return document

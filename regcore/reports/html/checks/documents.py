"""The JSON that a command has put into a run's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from regcore.errors import DatasetError, UsageError
from regcore.files.atomic import write_text
from regcore.files.json_input import as_form, read_json
from regcore.files.output_guard import Output, check_outputs, json_of
from regcore.schemas import json_form

#: The forms, each of the command of that name.
DOCUMENTS = ("labels", "batchcheck", "identify", "doctor")

_Form = TypeVar("_Form")


def read_document(folder: Path, name: str, form: type[_Form]) -> _Form | None:
    """The content of NAME.json, one of DOCUMENTS; None: there is none.

    Raises DatasetError where it is something else.
    """
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    content = read_json(path, dict[str, Any])
    if content.get("format") != json_form(name):
        raise DatasetError(f"{path}: is no JSON of this version's 'regcore {name}'")
    return as_form(content, form, path)


def write_document(folder: Path, content: dict[str, Any]) -> Path:
    """Writes what one of these commands prints, in the place of an older one.

    Raises UsageError where it is of another command, or a file of that name is none of regcore's.
    """
    found = content.get("format")
    for name in DOCUMENTS:
        if found == json_form(name):
            path = folder / f"{name}.json"
            check_outputs([Output(path, json_of(name))])
            write_text(path, json.dumps(content, indent=2) + "\n")
            return path
    raise UsageError(f"a report shows what {', '.join(DOCUMENTS)} found, not {found}")

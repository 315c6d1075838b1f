"""What two runs of one job may not have in common, left out of what they wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: The run's identity, and what depends on time or on the folder.
_OF_ONE_RUN = {
    "run",
    "date",
    "command",
    "out",
    "result",
    "seconds",
    "device_seconds",
    "wait_seconds",
    "verify_seconds",
    "stage_seconds",
    "images_per_s",
    "interface_images_per_s",
}
_MEASURED = ("perf", "profile", "trace")


def timeless(content: dict[str, Any]) -> dict[str, Any]:
    """A JSON form as it is read again, without identity, times and rates."""
    read = json.loads(json.dumps(content))
    return {key: value for key, value in read.items() if key not in _OF_ONE_RUN}


def timeless_files(folder: Path) -> dict[str, Any]:
    """The content of each file by its name; of those with measurements None."""
    return {
        str(path.relative_to(folder)): _content(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _content(path: Path) -> Any:
    if path.name.startswith(_MEASURED) or path.suffix in {".npy", ".lock"}:
        return None
    if path.suffix == ".json":
        return timeless(json.loads(path.read_text()))
    return path.read_bytes()

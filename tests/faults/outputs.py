"""What a command left in its folder, and how it differs from what it should have left."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_ABSENT = "(absent)"


@dataclass(frozen=True)
class Outputs:
    """Files by name: their bytes, or the values of those that are JSON, by place.

    varies: files and places whose content is of this run alone, such as times.
    """

    files: dict[str, bytes | dict[str, Any]]
    varies: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, folder: Path) -> Outputs:
        """All that is below a folder, hidden files, too."""
        found = (path for path in sorted(folder.rglob("*")) if not path.is_dir())
        return cls({str(path.relative_to(folder)): _content(path) for path in found})

    def but_for_what_differs_from(self, other: Outputs) -> Outputs:
        """These, of which nothing counts that another undisturbed run made differently."""
        varies = set()
        for name, content in self.files.items():
            before = other.files[name]
            if isinstance(content, dict) and isinstance(before, dict):
                places = content.keys() | before.keys()
                varies |= {(name, place) for place in places if _is_of_a_run(name, place)}
                varies |= {(name, p) for p in places if content.get(p) != before.get(p)}
            elif content != before:
                varies.add((name, ""))
        return Outputs(self.files, frozenset(varies))

    def differences(self, found: Outputs) -> Iterator[str]:
        """What is missing, in excess, or other than expected, in words."""
        for name in sorted(self.files.keys() - found.files.keys()):
            yield f"{name} is missing"
        for name in sorted(found.files.keys() - self.files.keys()):
            yield f"litter: {name}"
        yield from self.damaged(found)

    def damaged(self, found: Outputs) -> Iterator[str]:
        """What of the files that are there is torn or of another content."""
        for name in sorted(self.files.keys() & found.files.keys()):
            wanted, content = self.files[name], found.files[name]
            if isinstance(wanted, dict) and isinstance(content, dict):
                places = wanted.keys() | content.keys()
                differing = [
                    place
                    for place in sorted(places)
                    if (name, place) not in self.varies
                    and not _is_of_a_run(name, place)
                    and wanted.get(place, _ABSENT) != content.get(place, _ABSENT)
                ]
                if differing:
                    yield f"{name} differs in {differing[:5]}"
            elif type(wanted) is not type(content):
                yield f"{name} is torn"
            elif wanted != content and (name, "") not in self.varies:
                yield f"{name} differs"


def _is_of_a_run(name: str, place: str) -> bool:
    """Rates and times: in files that hold little else, and by their names elsewhere."""
    if Path(name).name in {"perf.json", "trace.json", "profile.json"}:
        return True
    return any(word in place for word in ("seconds", "per_s", "identity", "time", "date"))


def _content(path: Path) -> bytes | dict[str, Any]:
    content = path.read_bytes()
    if path.suffix == ".json":
        try:
            return dict(_leaves(json.loads(content), ""))
        except ValueError:
            return content
    return content


def _leaves(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{place}/{key}")
    elif isinstance(value, list):
        for i, part in enumerate(value):
            yield from _leaves(part, f"{place}/{i}")
    else:
        yield place, value

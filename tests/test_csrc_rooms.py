"""A folder of csrc includes only folders below it, and no two of them each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

CSRC = Path(__file__).parents[1] / "csrc"

# Each room with the rooms below it, whose headers it may include.
BELOW = {
    "base": set[str](),
    "files": {"base"},
    "jpeg/pixels": {"base"},
    "jpeg/entropy": {"base"},
    "jpeg/baseline": {"jpeg/entropy", "jpeg/pixels", "base"},
    "jpeg/progressive": {"jpeg/entropy", "jpeg/pixels", "base"},
    "jpeg": {"jpeg/baseline", "jpeg/progressive", "jpeg/entropy", "jpeg/pixels", "base"},
    "resample": {"base"},
    "resample/opencv": {"resample", "base"},
    "resample/tensorflow": {"resample", "base"},
    "resample/torch": {"resample", "base"},
    "flavours": {
        "resample/opencv",
        "resample/tensorflow",
        "resample/torch",
        "resample",
        "base",
    },
    "normalize": {"base"},
    "preprocess": {"flavours", "jpeg", "resample", "normalize", "files", "base"},
    "resize": {"preprocess", "jpeg", "resample", "files", "base"},
    "scores/row_search": {"base"},
    "scores": {"scores/row_search", "base"},
    "score_files": {"scores", "files", "base"},
}

_INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


def room_of(path: str) -> str:
    return path.rpartition("/")[0]


def wrong_includes(folder: Path) -> Iterator[str]:
    """Each include of a room that is not below the own one, with its file and line."""
    for file in sorted(folder.rglob("*")):
        if file.suffix not in {".cc", ".h"}:
            continue
        name = file.relative_to(folder).as_posix()
        room = room_of(name)
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = _INCLUDE.match(line)
            if not found:
                continue
            included = room_of(found[1])
            if included != room and included not in BELOW.get(room, ()):
                yield f"{name}:{number}: {room} includes {found[1]}"


def test_every_room_includes_only_rooms_below_it() -> None:
    assert list(wrong_includes(CSRC)) == []


def test_the_rooms_are_those_of_the_rule() -> None:
    assert {room_of(p.relative_to(CSRC).as_posix()) for p in CSRC.rglob("*.h")} == set(BELOW)


def test_an_include_of_a_higher_room_is_named(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "status.h").write_text(
        '#include <string>\n#include "base/other.h"\n#include "files/read_file.h"\n'
    )
    assert list(wrong_includes(tmp_path)) == ["base/status.h:3: base includes files/read_file.h"]

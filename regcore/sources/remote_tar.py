"""The members of a tar archive that lies behind a URL, and what speaks against its being whole."""

from __future__ import annotations

import tarfile
from typing import Any, NamedTuple

from regcore.errors import first_line

_BLOCK = tarfile.BLOCKSIZE


class TarMember(NamedTuple):
    """Where a member lies, in bytes; unread: why it is not read, empty for an ordinary file."""

    name: str
    offset: int
    size: int
    unread: str


def tar_members(file: Any) -> tuple[list[TarMember], str]:  # noqa: ANN401
    """All members but folders; and why there may be more, empty where there are not.

    Raises tarfile.TarError for what is no tar archive.
    """
    members: list[TarMember] = []
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                if not member.isdir():
                    members.append(
                        TarMember(member.name, member.offset_data, member.size, _unread(member))
                    )
                archive.members = []  # type: ignore[attr-defined]  # they would all be kept
            end: int = archive.offset
    except tarfile.TarError as error:
        if not members:
            raise
        return members, first_line(error)
    return members, _damage(file, end)


def why_unread(*, sparse: bool) -> str:
    """What is said of a member that has no content of its own in one piece."""
    kind = "a sparse file" if sparse else "a link or a device"
    return f"is {kind} in its archive, which is not read"


def _unread(member: tarfile.TarInfo) -> str:
    sparse = member.issparse()
    return why_unread(sparse=sparse) if sparse or not member.isreg() else ""


def _damage(file: Any, end: int) -> str:  # noqa: ANN401
    """Tarfile takes whatever is no header for the end."""
    file.seek(end)
    blocks: bytes = file.read(tarfile.RECORDSIZE)
    if not blocks:
        return "ends without its end mark"
    if len(blocks) < _BLOCK:
        return f"cut short in a header at byte {end}"
    if any(blocks[:_BLOCK]):
        return f"no header of a member at byte {end}"
    if any(blocks):
        return f"goes on after its end mark at byte {end + _BLOCK}"
    return ""

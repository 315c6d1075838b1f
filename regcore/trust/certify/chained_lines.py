"""Lines of JSON each of which carries a hash over all before it.

A line ends with `"chain": "..."`: the SHA-256 of the chain of the line before, a line feed, and the
line as it would be without its own. A line that was changed, removed, added or moved does not fit
what is before it, and is found by its number. The chain of the last line stands for all of them.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regcore.errors import MismatchError

_END = re.compile(rb', "chain": "([0-9a-f]{64})"\}')
_END_BYTES = len(', "chain": ""}') + 64


def chained(content: dict[str, Any], before: str) -> tuple[bytes, str]:
    """The line of `content`, which is not empty, with a line feed; and its chain.

    before: the chain of the line before, empty for the first.
    """
    body = json.dumps(content).encode()
    chain = _chain(body, before)
    return body[:-1] + f', "chain": "{chain}"}}\n'.encode(), chain


@dataclass(frozen=True)
class ChainedLines:
    """lines: whole ones, without line feeds. chain: of the last, empty where there is none.

    end: the bytes that they have. torn: whether a line that was not written whole follows.
    """

    lines: Sequence[bytes]
    chain: str
    end: int
    torn: bool


def read_chained(content: bytes, name: object) -> ChainedLines:
    """Checks every line; raises MismatchError, with the number of the first that does not fit."""
    end = content.rfind(b"\n") + 1
    lines = content[:end].split(b"\n")[:-1]
    chain = ""
    for number, line in enumerate(lines, 1):
        found = _END.fullmatch(line[-_END_BYTES:])
        if found is None:
            raise MismatchError(f"{name}, line {number}: has no chain, so that it was changed")
        expected = _chain(line[:-_END_BYTES] + b"}", chain)
        if found[1].decode() != expected:
            raise MismatchError(
                f"{name}, line {number}: does not follow from the lines before it: this line was "
                "changed, or one before it was removed, added or moved"
            )
        chain = expected
    return ChainedLines(lines, chain, end, end < len(content))


def _chain(body: bytes, before: str) -> str:
    return hashlib.sha256(before.encode() + b"\n" + body).hexdigest()

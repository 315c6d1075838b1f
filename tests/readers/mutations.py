"""Damage to a file's bytes, by a seed: what disks, editors, other tools and attackers put there.

Where the file is JSON, or has JSON in its lines, whole values are replaced as well.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator
from typing import Any

#: What takes the place of a value in a text; each was once an internal error somewhere.
TOKENS = (
    *(b"", b" ", b"0", b"-1", b"-0", b"1.5", b"1e999", b"-1e999", b"1e800000000", b"1e-999"),
    *(b"NaN", b"nan", b"Infinity", b"-inf", b"9" * 5000, b"1" + b"0" * 400, b"0x10", b"1_000"),
    *(b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"2147483648"),
    *(b"18446744073709551616", b"4294967295", b"1e308", b"1e-320", b"1,164.16", b"true", b"null"),
    *(b"[]", b"{}", b'""', b'"x"', b"[" * 100_000, b'{"a":' * 50_000, b"(" * 5000, b"|" * 5000),
    *(
        b'"\\ud800"',
        b'"\\u0000"',
        b"\0",
        b"\xed\xa0\x80",
        b"\xff",
        b"\xc3\xfb\xd0\xcd",
        b"\xc2\x85",
    ),
    *(b"\x1b[31m", b"\x1b]0;x\x07", b"\r", b"\n", b"\t", b"\xe2\x80\xa8", b"\xd9\xa3", b"\xc2\xb2"),
    *(b"../x", b"../../../../etc/passwd", b"/dev/zero", b"/etc/passwd", b".", b"/", b"a" * 60_000),
    *(b"<script>", b"[/x]", b"[red]", b"%s%n", b"{0}", b"${HOME}", b"=1+1", b"'", b'"', b"\\"),
    *(b"1 " * 30_000, b"a,b\n" * 3000, b"x" * 300 + b"/y", b"\xf0\x9f\x98\x80", b"-", b"+", b"."),
)
#: What takes the place of a value in JSON.
VALUES: tuple[str, ...] = (
    *("null", "true", "false", "0", "-1", "1.5", "1e400", "NaN", "-Infinity", "9" * 5000, "1e308"),
    *("9223372036854775808", "-9223372036854775809", "18446744073709551616", "2147483648", "-0.0"),
    *('""', '"x"', '"\\ud800"', '"\\u0000"', '"\\u001b[31m"', '"<script>"', '"[/x]"', '"../x"'),
    *('"/etc/passwd"', '"/dev/zero"', '"."', '"nan"', '"1e999"', f'"{"a" * 60_000}"', "[]", "{}"),
    *("[null]", '{"a": 1}', "[[]]", "[" * 100_000, "[" * 900 + "]" * 900),
    *("1e-320", "4294967296", '"\\udcff"', '"x\\ny"', "[1, 2, 3, 4, 5, 6]", '"1"', '"-1"'),
)  # fmt: skip
_TOKEN = re.compile(rb'"(?:[^"\\\n]|\\.)*"|[-+]?[0-9][0-9.eE+-]*|[A-Za-z_]+|[^\sA-Za-z0-9]')
_PLACE = "@@place@@"


def mutate(content: bytes, seed: int) -> bytes:
    """The same damage for the same seed; sometimes to several places."""
    rng = random.Random(seed)  # noqa: S311
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        content = rng.choice(_WAYS)(content, rng)
    return content


def _in_json(content: bytes, rng: random.Random) -> bytes:
    """A value, key or item of a JSON text, or of one of its lines, replaced, removed or doubled."""
    lines = content.splitlines(keepends=True) or [b""]
    number = rng.randrange(len(lines))
    for before, text, after in (
        (b"", content, b""),
        (b"".join(lines[:number]), lines[number], b"".join(lines[number + 1 :])),
    ):
        try:
            changed = _changed(json.loads(text), rng)
        except (ValueError, RecursionError):
            continue
        return before + changed.encode("utf-8", "surrogatepass") + b"\n" + after
    return _token(content, rng)


def _changed(root: Any, rng: random.Random) -> str:
    places = list(_places(root))
    if not places or rng.random() < 0.05:
        return rng.choice(VALUES)
    holder, key = rng.choice(places)
    way = rng.randrange(8)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, list):
        holder.insert(key, holder[key])
    elif way == 2 and isinstance(holder, dict):
        holder[rng.choice((key + "x", "", "\x1b", "__class__"))] = holder.pop(key)
    elif way == 3:
        other, its_key = rng.choice(places)
        other[its_key], holder[key] = holder[key], other[its_key]
        if _is_inside_itself(root):
            return "[[[]]]"
    else:
        holder[key] = _PLACE
    return json.dumps(root).replace(f'"{_PLACE}"', rng.choice(VALUES))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each list or object with each of its indices or keys."""
    if isinstance(value, dict):
        items = list(value.items())
    else:
        items = list(enumerate(value)) if isinstance(value, list) else []
    for key, part in items:
        yield value, key
        yield from _places(part)


def _is_inside_itself(root: Any) -> bool:
    try:
        json.dumps(root)
    except (ValueError, RecursionError):
        return True
    return False


def _token(content: bytes, rng: random.Random) -> bytes:
    found = list(_TOKEN.finditer(content[:200_000]))
    if not found:
        return rng.choice(TOKENS)
    match = rng.choice(found)
    return content[: match.start()] + rng.choice(TOKENS) + content[match.end() :]


def _swapped_tokens(content: bytes, rng: random.Random) -> bytes:
    found = list(_TOKEN.finditer(content[:200_000]))
    if len(found) < 2:
        return content * 2
    first, second = sorted(rng.sample(found, 2), key=lambda match: match.start())
    between = content[first.end() : second.start()]
    return b"".join(
        (content[: first.start()], second[0], between, first[0], content[second.end() :])
    )


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 4, 30))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _insert(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(TOKENS) + content[at:]


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _without(content: bytes, rng: random.Random) -> bytes:
    start, end = sorted(rng.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


def _lines(content: bytes, rng: random.Random) -> bytes:
    """A line removed, doubled, or moved."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return b"\n"
    line = lines.pop(rng.randrange(len(lines)))
    for _ in range(rng.randrange(3)):
        lines.insert(rng.randrange(len(lines) + 1), line)
    return b"".join(lines)


def _whole(content: bytes, rng: random.Random) -> bytes:
    """Another encoding, other line ends, or nothing of it left."""
    text = content.decode("utf-8", "replace")
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: b"",
        lambda: b"\xef\xbb\xbf" + content,
        lambda: text.encode("utf-16"),
        lambda: text.encode("utf-16-be"),
        lambda: ("\u4e2d\u6587" + text).encode("gbk", "replace"),
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content.replace(b"\n", b"\r"),
        lambda: content.replace(b"\n", b""),
        lambda: content.replace(b" ", b""),
        lambda: rng.choice(TOKENS),
        lambda: rng.choice(VALUES).encode(),
        lambda: content * 3,
        lambda: bytes(len(content)),
    )
    return rng.choice(ways)()


_WAYS = (_in_json, _in_json, _in_json, _token, _token, _token, _swapped_tokens, _flip, _insert)
_WAYS = (*_WAYS, _cut, _without, _lines, _whole)

"""The times of every query, as trtexec --exportTimes writes them: another witness of a run.

A JSON list with an object for each query. Its times are float32 with six digits, so that late in
a long run a difference of two of them tells little; the lengths beside them are whole. Versions
that write `endToEndMs`, 7.0 to 8.4, write the queries of the warm-up, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from regcore.errors import DatasetError, LogError
from regcore.files.json_input import parse_json
from regcore.formats.trtexec.result import (
    COMPUTE,
    D2H,
    END_TO_END,
    ENQUEUE,
    H2D,
    LATENCY,
    ROWS,
    Found,
    Row,
    TrtexecResult,
)

_BEGINNING = re.compile(r"\s*\[\s*\{\s*\"start(?:Enq|In)Ms\"\s*:")
#: As trtexec does unless --warmUp says otherwise, which the file does not tell.
_WARM_UP_MS = 200.0
#: Percentiles of the summary in newer versions.
_RANKS = (90.0, 95.0, 99.0)
#: Of a printed number, and of a float32 sum of three.
_ROUNDING = 1e-5
_LEAST_MS = 1e-5


@dataclass(frozen=True)
class Query:
    """One query, in ms: when its copy in began and its copy out ended, and the lengths of parts.

    enqueue, end_to_end: None where the version writes none. compute_start: since the run began.
    """

    start: float
    end: float
    compute_start: float
    h2d: float
    compute: float
    d2h: float
    latency: float
    enqueue: float | None
    end_to_end: float | None


def looks_like_times(text: str) -> bool:
    """Whether a text begins as only trtexec's file of times does."""
    return _BEGINNING.match(text) is not None


def parse_times(text: str, log: str = "times", *, batch: int | None = None) -> TrtexecResult:
    """The result of one run, from the times of its queries.

    log: names the file in errors. batch: the images of a query, which the file itself never tells.
    The rate is as in trtexec's log: queries over the time from the first one's copy in to the last
    one's copy out. Raises LogError for what is no list of measurements of one run.
    """
    queries = _Reader(text, log).queries()
    warnings: tuple[Found[str], ...] = ()
    if queries[0].end_to_end is not None:
        counted = [query for query in queries if query.compute_start >= _WARM_UP_MS]
        left_out = len(queries) - len(counted)
        if not counted:
            raise LogError(log, 1, f"all {left_out} queries began in the first 200 ms: a warm-up")
        if left_out:
            said = f"the first {left_out} queries, of 200 ms, are left out as trtexec's warm-up"
            warnings = (Found(said, None),)
        queries = counted
    span = max(query.end for query in queries) - queries[0].start
    if span <= 0:
        raise LogError(log, 1, f"{len(queries)} queries in no time")
    seconds = span / 1000
    return TrtexecResult(
        log=log,
        qps=_printed(len(queries) / seconds),
        rows={name: row for name in ROWS if (row := _row(name, queries)) is not None},
        batch=None if batch is None else Found(batch, None),
        images_per_query=batch,
        walltime=_printed(seconds),
        compute_time=_printed(sum(query.compute for query in queries) / 1000),
        warnings=warnings,
    )


_LENGTHS: dict[str, Callable[[Query], float | None]] = {
    LATENCY: lambda query: query.latency,
    END_TO_END: lambda query: query.end_to_end,
    ENQUEUE: lambda query: query.enqueue,
    H2D: lambda query: query.h2d,
    COMPUTE: lambda query: query.compute,
    D2H: lambda query: query.d2h,
}


def _row(name: str, queries: Sequence[Query]) -> Row | None:
    """A row of the summary, by the rules of trtexec."""
    lengths = sorted(found for query in queries if (found := _LENGTHS[name](query)) is not None)
    if not lengths:
        return None
    count = len(lengths)
    middle = lengths[(count - 1) // 2 : count // 2 + 1]
    late = {rank: lengths[max(count - 1 - int((1 - rank / 100) * count), 0)] for rank in _RANKS}
    return Row(
        name=name,
        line=1,
        min=_printed(lengths[0]),
        max=_printed(lengths[-1]),
        mean=_printed(sum(lengths) / count),
        median=_printed(sum(middle) / len(middle)),
        percentiles={rank: _printed(length) for rank, length in late.items()},
    )


def _printed(value: float) -> Found[float]:
    """With the digits that trtexec's log has; it stands in no line."""
    return Found(float(f"{value:.6g}"), None)


class _Reader:
    """A file of times, query by query."""

    def __init__(self, text: str, log: str) -> None:
        self._log = log
        try:
            self._objects = parse_json(text, list[dict[str, Any]], log)
        except DatasetError as error:
            raise LogError(log, 1, str(error).removeprefix(f"{log}: ")) from error
        # trtexec gives each query a line, between two with the brackets.
        self._by_line = len(text.strip().splitlines()) == len(self._objects) + 2
        self._number = 0
        self._object: dict[str, Any] = {}

    def queries(self) -> list[Query]:
        """All of them, in the order in which they began."""
        newer = "startH2dMs" in self._objects[0]
        sides = ("H2d", "D2h") if newer else ("In", "Out")
        found: list[Query] = []
        for number, one in enumerate(self._objects, 1):
            self._number, self._object = number, one
            query = self._query(*sides)
            if found and query.start < found[-1].start:
                self._fail("began before the one above it: trtexec writes them in order")
            found.append(query)
        return found

    def _query(self, into: str, out: str) -> Query:
        start, _, h2d = self._part(into)
        compute_start, _, compute = self._part("Compute")
        _, end, d2h = self._part(out)
        latency = self._value("latencyMs")
        if abs(latency - (h2d + compute + d2h)) > _LEAST_MS + _ROUNDING * latency:
            self._fail(f"has a latencyMs of {latency:g}, which is not the sum of its parts")
        first = self._objects[0]
        end_to_end = self._value("endToEndMs") if "endToEndMs" in first else None
        if end_to_end is not None:
            self._check_length("endToEndMs", start, end, end_to_end)
        enqueue = None
        if "startEnqMs" in first:
            begin, done = self._value("startEnqMs"), self._value("endEnqMs")
            self._check_order("Enq", begin, done)
            enqueue = done - begin
        return Query(start, end, compute_start, h2d, compute, d2h, latency, enqueue, end_to_end)

    def _part(self, name: str) -> tuple[float, float, float]:
        """Begin, end and length of a part, which fit together."""
        begin, end = self._value(f"start{name}Ms"), self._value(f"end{name}Ms")
        self._check_order(name, begin, end)
        length_name = f"{name[0].lower()}{name[1:]}Ms"
        length = self._value(length_name)
        self._check_length(length_name, begin, end, length)
        return begin, end, length

    def _check_order(self, name: str, begin: float, end: float) -> None:
        if end < begin:
            self._fail(f"has an end{name}Ms of {end:g} before its start{name}Ms of {begin:g}")

    def _check_length(self, name: str, begin: float, end: float, length: float) -> None:
        if abs(end - begin - length) > _LEAST_MS + _ROUNDING * (end + length):
            self._fail(f"has a {name} of {length:g}, but took from {begin:g} to {end:g} ms")

    def _value(self, name: str) -> float:
        value = self._object.get(name)
        if value is None:
            self._fail(f"has no {name}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            self._fail(f"has a {name} of {str(value)[:40]!r}, which is no measurement")
        return float(value)

    def _fail(self, detail: str) -> NoReturn:
        line = self._number + 1 if self._by_line else 1
        raise LogError(self._log, line, f"query {self._number} {detail}")

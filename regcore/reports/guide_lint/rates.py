"""What each device of a guide does at each batch size, by its own text; open where that differs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from regcore.formats.rate import plain
from regcore.reports.guide_lint.evidence import Evidence
from regcore.reports.guide_lint.text import Note

_DIGITS_TOLD = 4


@dataclass(frozen=True)
class Candidate:
    """A rate, and how it comes of a figure in the text: `263.872 x 4`, or nothing."""

    value: Decimal
    made: str = ""


@dataclass(frozen=True)
class Rate:
    """What the text says: the candidates, the best first, and the line of the first evidence."""

    line: int
    candidates: tuple[Candidate, ...]


Place = tuple[str, int]


def same(one: Decimal, other: Decimal) -> bool:
    """Whether two figures are one, of which that with fewer decimals was rounded or cut."""
    if _exponent(one) >= _exponent(other):
        return rounds_to(other, one)
    return rounds_to(one, other)


def rounds_to(exact: Decimal, written: Decimal) -> bool:
    """Whether `written` is the exact figure, rounded or cut to its decimals."""
    unit = Decimal(1).scaleb(_exponent(written))
    more = exact - written
    return 2 * abs(more) <= unit or 0 <= more < unit


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def settle(evidence: Sequence[Evidence], notes: list[Note]) -> dict[Place, Rate]:
    """The rate of each device and batch size on which all evidence agrees; the rest is noted."""
    told = [one for one in evidence if one.device is not None and one.batch is not None]
    factors: dict[str, set[int]] = defaultdict(set)
    by_figure: dict[tuple[str, Decimal], int] = {}
    for one in told:
        if one.kind == "product" and one.factor > 1 and one.device is not None:
            by_figure[one.device, one.measured] = one.factor
            if one.factor != one.batch:
                factors[one.device].add(one.factor)
    places: dict[Place, list[tuple[Evidence, tuple[Candidate, ...]]]] = defaultdict(list)
    for one in told:
        if one.device is None or one.batch is None:
            continue
        if one.kind == "product" and one.written is None and one.factor > 1:
            # It says how a log is to be multiplied, and nothing by itself.
            continue
        candidates = tuple(_candidates(one, one.device, one.batch, by_figure, factors[one.device]))
        places[one.device, one.batch].append((one, candidates))
    _leave_doubled(places, notes)
    rates = {}
    for place, found in places.items():
        rate = _agreed(place, found, notes)
        if rate is not None:
            rates[place] = rate
    return rates


def _candidates(
    one: Evidence,
    device: str,
    batch: int,
    by_figure: dict[tuple[str, Decimal], int],
    factors: set[int],
) -> Iterator[Candidate]:
    """Rates that a figure can stand for, the best first."""
    if one.kind in {"product", "stated"}:
        yield _times(one.measured, one.factor)
        return
    factor = by_figure.get((device, one.measured))
    if factor is not None:
        yield _times(one.measured, factor)
        return
    if one.kind == "queries":
        if batch > 1:
            yield _times(one.measured, batch)
        yield Candidate(one.measured)
        return
    yield Candidate(one.measured)
    for factor in sorted(factors):
        yield _times(one.measured, factor)


def _times(measured: Decimal, factor: int) -> Candidate:
    if factor == 1:
        return Candidate(measured)
    return Candidate(measured * factor, f"{plain(measured)} x {factor}")


def _leave_doubled(
    places: dict[Place, list[tuple[Evidence, tuple[Candidate, ...]]]], notes: list[Note]
) -> None:
    """A figure of many digits that is told of two batch sizes is of one of them."""
    seen: dict[tuple[str, Decimal], Evidence] = {}
    doubled: set[Place] = set()
    for (device, batch), found in places.items():
        for one, _ in found:
            first = seen.setdefault((device, one.measured), one)
            if first.batch == batch or len(one.measured.as_tuple().digits) < _DIGITS_TOLD:
                continue
            told = (
                f"{plain(one.measured)} is told of batch {batch} here, of batch {first.batch} in "
                f"line {first.line}: neither is compared"
            )
            notes.append(Note(one.line, told))
            doubled |= {(device, batch), (device, first.batch or 0)}
    for place in doubled:
        found = places.pop(place, [])
        _agreed(place, found, notes)


def _agreed(
    place: Place, found: list[tuple[Evidence, tuple[Candidate, ...]]], notes: list[Note]
) -> Rate | None:
    firm = [pair for pair in found if pair[0].kind != "without images"] or found
    if not firm:
        return None
    # What has one meaning decides on what has several.
    first, candidates = min(firm, key=lambda pair: len(pair[1]))
    for other, others in firm:
        left = tuple(c for c in candidates if any(same(c.value, o.value) for o in others))
        if not left:
            early, late = sorted((first, other), key=lambda one: one.line)
            notes.append(
                Note(
                    late.line,
                    f"{place[0]} at batch {place[1]}: {_said(late)} here, {_said(early)} in line "
                    f"{early.line}: not compared",
                )
            )
            return None
        candidates = left
    if first.kind == "product" and first.factor > 1 and _queries(first, place[1]):
        notes.append(
            Note(
                first.line,
                f"the text says batch {place[1]}, but multiplies queries by {first.factor}: not "
                "compared",
            )
        )
        return None
    log = next((one for one, _ in firm if one.kind in {"log", "queries"}), firm[0][0])
    return Rate(log.line, candidates)


def _queries(one: Evidence, batch: int) -> bool:
    """Whether a product is of queries, which have as many images as the factor says."""
    return one.of_queries and one.factor != batch


def _said(one: Evidence) -> str:
    value = one.measured * one.factor if one.kind == "product" else one.measured
    return plain(value)

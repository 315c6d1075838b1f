"""What trtexec ran, and the summary of what it measured, from what it printed."""

from __future__ import annotations

import re
from pathlib import Path

from regcore.errors import LogError
from regcore.trtexec_log.lines import Log
from regcore.trtexec_log.old_summary import HEADINGS, read_old_rows
from regcore.trtexec_log.result import CONDITIONS, ROWS, Found, TrtexecResult
from regcore.trtexec_log.summary import TITLE, Summary, read_rows

_BANNER = re.compile(
    r"&&&& (RUNNING|PASSED|FAILED) TensorRT\.trtexec\b(?: \[TensorRT v([0-9.]+)\])?"
)
_VERSION = re.compile(r"TensorRT [Vv]ersion: ([0-9.]+)")
_DEVICE = re.compile(r"Selected Device: (.+)")
_SHAPES_OPTION = re.compile(r"--(?:shapes|optShapes)=(\S+)")
_SHAPE = re.compile(
    r"Input inference shape ?: ?.+=([0-9]+)x\S+"
    r"|Input binding for .+ with dimensions ([0-9]+)x\S+ is created.*"
)
_SETTING = re.compile(r"(?:Inference )?([A-Z][\w -]*?): *(.*)")


def read_trtexec_log(path: Path, *, batch: int | None = None) -> TrtexecResult:
    """The result in a file; see parse_trtexec_log."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise LogError(str(path), 0, error.strerror or str(error)) from error
    return parse_trtexec_log(text, str(path), batch=batch)


def parse_trtexec_log(text: str, log: str = "log", *, batch: int | None = None) -> TrtexecResult:
    """The result of one run of trtexec, from what it printed, or from its summary alone.

    log: names it in errors. batch: the images of one query, where the log does not tell.
    Raises LogError with the line for a run that failed, a log that is cut short or holds other
    than measurements, or another batch than `batch`.
    """
    lines = Log(log, text)
    _check_outcome(lines)
    summary = _read_summary(lines)
    if summary.qps is None:
        lines.fail(summary.last, "the summary has no throughput")
    if summary.qps.value == 0:
        lines.fail(
            summary.qps.line or summary.last,
            "0 queries/s: this version of trtexec counts none for a model with an explicit batch; "
            "use TensorRT 7.2.2 or newer",
        )
    found_batch, counted = _find_batch(lines, batch)
    return TrtexecResult(
        log=log,
        qps=summary.qps,
        rows={name: summary.rows[name] for name in ROWS if name in summary.rows},
        batch=found_batch,
        images_per_query=found_batch.value // counted if found_batch else None,
        version=_find_version(lines),
        device=_find(lines, _DEVICE),
        settings=_find_settings(lines),
        walltime=summary.walltime,
        compute_time=summary.compute_time,
        warnings=tuple(
            Found(line.text.removeprefix("* "), line.number)
            for line in lines.lines
            if line.level == "W" and line.text.startswith("* ")
        ),
    )


def _check_outcome(log: Log) -> None:
    banners = [(line.number, _BANNER.search(line.text)) for line in log.lines]
    outcomes = [(number, banner[1]) for number, banner in banners if banner]
    for number, outcome in outcomes:
        if outcome == "FAILED":
            errors = [line for line in log.lines if line.level == "E"]
            at, reason = (errors[0].number, errors[0].text) if errors else (number, "no reason")
            log.fail(at, f"trtexec failed: {reason}")
    begun = [number for number, outcome in outcomes if outcome == "RUNNING"]
    if len(begun) > 1:
        log.fail(begun[1], "another run begins: give each run a log of its own")
    if outcomes and outcomes[-1][1] == "RUNNING":
        log.fail(len(log.lines), "the log ends before trtexec does, without PASSED or FAILED")


def _read_summary(log: Log) -> Summary:
    said = list(log.said())
    titles = [i for i, line in enumerate(said) if line.text == TITLE]
    headings = [i for i, line in enumerate(said) if line.text in HEADINGS]
    if not titles and not headings:
        log.fail(len(log.lines), "the log ends without a performance summary")
    again = titles[1:] or [i for i in headings[1:] if said[i].text == said[headings[0]].text]
    if again:
        log.fail(said[again[0]].number, "another summary begins: give each run a log of its own")
    if titles:
        return read_rows(log, said[titles[0] :])
    return read_old_rows(log, said[headings[0] :])


def _find_batch(log: Log, told: int | None) -> tuple[Found[int] | None, int]:
    """The batch, and how many images trtexec has counted in a query already."""
    sizes: list[Found[int]] = []
    for line in log.lines:
        if line.text.startswith("Batch: ") and line.text != "Batch: Explicit":
            implicit = int(log.number(line.number, line.text[7:], "the batch").value)
            # Of an engine with an explicit batch, too, it prints 1 here.
            if implicit > 1:
                return Found(implicit, line.number), implicit
        shape = _SHAPE.fullmatch(line.text)
        if shape:
            sizes.append(Found(int(shape[1] or shape[2]), line.number))
        option = _SHAPES_OPTION.search(line.text) if _BANNER.search(line.text) else None
        if option:
            dims = re.findall(r":([0-9]+)x", option[1])
            sizes += [Found(int(dim), line.number) for dim in dims]
    if told is not None and sizes and {found.value for found in sizes} != {told}:
        other = next(found for found in sizes if found.value != told)
        log.fail(other.line or 0, f"the batch is {other.value} here, not {told}")
    if len({found.value for found in sizes}) == 1:
        return sizes[0], 1
    return (None if told is None else Found(told, None)), 1


def _find_version(log: Log) -> Found[str] | None:
    for line in log.lines:
        banner = _BANNER.search(line.text)
        if banner and banner[2]:
            return Found(".".join(map(str, banner_version(banner[2]))), line.number)
        printed = _VERSION.match(line.text)
        if printed:
            return Found(printed[1], line.number)
    return None


def banner_version(text: str) -> tuple[int, int, int]:
    """The version in trtexec's first line: 8602 is 8.6.2, 100100 is 10.1.0."""
    if "." in text:
        numbers = [*map(int, text.split(".")), 0, 0]
        return numbers[0], numbers[1], numbers[2]
    number = int(text)
    if number < 10_000:  # noqa: PLR2004
        return number // 1000, number // 100 % 10, number % 100
    return number // 10_000, number // 100 % 100, number % 100


def _find(log: Log, pattern: re.Pattern[str]) -> Found[str] | None:
    found = ((line.number, pattern.match(line.text)) for line in log.lines)
    return next((Found(match[1].strip(), number) for number, match in found if match), None)


def _find_settings(log: Log) -> dict[str, Found[str]]:
    settings: dict[str, Found[str]] = {}
    for line in log.said():
        setting = _SETTING.fullmatch(line.text)
        if setting and setting[1] in CONDITIONS:
            settings.setdefault(setting[1], Found(setting[2].strip(), line.number))
    return settings

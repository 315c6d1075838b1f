"""What trtexec ran, and the summary of what it measured, from what it printed."""

from __future__ import annotations

import re
from pathlib import Path

from regcore.errors import DatasetError, LogError
from regcore.files.input_file import read_input_text
from regcore.formats.trtexec.batch import Command, find_batch, find_commands
from regcore.formats.trtexec.lines import Log
from regcore.formats.trtexec.plausible import check_rate, settle_counting
from regcore.formats.trtexec.result import CONDITIONS, ROWS, Found, TrtexecResult
from regcore.formats.trtexec.summary import TITLE, Summary, read_rows
from regcore.formats.trtexec.summary_v7 import HEADINGS, OLD_HEADINGS, read_old_rows
from regcore.formats.trtexec.times import looks_like_times, parse_times

#: Bytes of a log, which --verbose and --dumpOutput make long.
MAX_LOG_BYTES = 1 << 26
_BANNER = re.compile(
    r"&&&& (RUNNING|PASSED|FAILED) TensorRT\.trtexec\b"
    r"(?: \[TensorRT v([0-9]{1,6}(?:\.[0-9]{1,4}){0,3})\])?"
)
_VERSION = re.compile(r"TensorRT [Vv]ersion: ([0-9.]{1,20})")
_DEVICE = re.compile(r"Selected Device: (.+)")
_SETTING = re.compile(r"(?:Inference )?([A-Z][\w -]*?): *(.*)")


def read_trtexec_log(
    path: Path, *, batch: int | None = None, told_by: str = "the caller"
) -> TrtexecResult:
    """The result in a file; see parse_trtexec_log."""
    try:
        text = read_input_text(path, MAX_LOG_BYTES)
    except DatasetError as error:
        raise LogError(str(path), 0, str(error).removeprefix(f"{path}: ")) from error
    return parse_trtexec_log(text, str(path), batch=batch, told_by=told_by)


def looks_like_trtexec(text: str) -> bool:
    """Whether a text has anything that only trtexec prints, or is its file of times."""
    if looks_like_times(text):
        return True
    if TITLE in text or "trtexec" in text or "Performance summary" in text:
        return True
    return "throughput: " in text and all(heading in text for heading in OLD_HEADINGS)


def parse_trtexec_log(
    text: str, log: str = "log", *, batch: int | None = None, told_by: str = "the caller"
) -> TrtexecResult:
    """The result of one run of trtexec, from what it printed, or from its summary alone.

    Also from what it wrote for --exportTimes, see regcore.formats.trtexec.times.
    log: names it in errors. batch: the images of one query, as `told_by`, the log's name, say,
    tells them.
    Raises LogError with the line for a run that failed, a log that is cut short or holds other
    than measurements, and where two of those that tell the batch or the rate contradict.
    """
    if looks_like_times(text):
        return parse_times(text, log, batch=batch)
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
    commands = find_commands(lines)
    check_rate(lines, summary, summary.qps)
    found = find_batch(lines, commands, batch, told_by)
    found = settle_counting(lines, summary, commands, found, summary.qps)
    return TrtexecResult(
        log=log,
        qps=summary.qps,
        rows={name: summary.rows[name] for name in ROWS if name in summary.rows},
        batch=found.size,
        images_per_query=found.size.value // found.counted if found.size else None,
        version=_find_version(lines),
        device=_find(lines, _DEVICE),
        settings=_find_settings(lines) | _tf32(commands),
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


def _tf32(commands: list[Command]) -> dict[str, Found[str]]:
    """Whether float32 may be multiplied as TF32, which trtexec permits unless it is told not to."""
    for command in commands:
        if command.get("noTF32") is not None:
            return {"TF32": Found("Disabled", command.line)}
    return {"TF32": Found("Enabled", commands[0].line)} if commands else {}

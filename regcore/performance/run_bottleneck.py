"""Which stage held a run up, from what the run itself measured: one sentence with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

_STAGES = ("preprocess", "device", "post")
#: A stage that is at work for less of the time holds nothing up.
_SATURATED = 0.6
#: Workers that read for so much of their time are slow because of the storage.
_READS_MOSTLY = 0.5
#: A first batch that takes so much of the run leaves too little of it to judge.
_STARTUP = 0.2


class Load(Protocol):
    """What a stage did; see StageLoad."""

    @property
    def stage(self) -> str:
        """`preprocess`, `device` or `post`."""

    @property
    def threads(self) -> int:
        """How many threads or devices it has."""

    @property
    def busy_s(self) -> float:
        """At work, in s summed over its threads."""

    @property
    def wait_input_s(self) -> float:
        """Waiting for the stage before, in s."""


@dataclass(frozen=True)
class RunBottleneck:
    """The stage that held a run up; None where none was at its limit. sentence: with evidence."""

    stage: str | None
    sentence: str


def run_bottleneck(
    loads: Sequence[Load],
    seconds: float,
    worker_seconds: Mapping[str, float],
    first_batch_s: float | None = None,
) -> RunBottleneck | None:
    """Names the bottleneck of a run; None where it took no time, or did nothing.

    loads: of its stages. seconds: of wall time. worker_seconds: of all workers in each of their
    stages. first_batch_s: from the start to the first scores.
    """
    by_stage = {load.stage: load for load in loads if load.stage in _STAGES}
    shares = {
        stage: min(1.0, load.busy_s / (load.threads * seconds))
        for stage, load in by_stage.items()
        if seconds > 0
    }
    if "device" not in shares or not any(shares.values()):
        return None
    stage = max(shares, key=shares.__getitem__)
    waited = f"the device waited {_percent(1 - shares['device'])} of the time"
    if "preprocess" not in shares and by_stage["device"].wait_input_s > seconds * shares[stage]:
        return RunBottleneck("storage", f"Reading is the bottleneck: {waited} for batches.")
    if shares[stage] < _SATURATED:
        sentence = f"No stage was at its limit: {_shares('the device', by_stage, shares)}"
        return RunBottleneck(None, f"{sentence}{_startup(seconds, first_batch_s)}.")
    if stage == "device":
        at_work = _shares("it", by_stage, shares)
        return RunBottleneck(stage, f"The device is the bottleneck: {at_work}.")
    if stage == "post":
        busy = f"counting the scores took {_percent(shares[stage])} of the time"
        return RunBottleneck(stage, f"Post-processing is the bottleneck: {busy}, and {waited}.")
    return _of_the_host(by_stage[stage], shares[stage], worker_seconds.get("read", 0.0), waited)


def _of_the_host(host: Load, share: float, read_s: float, waited: str) -> RunBottleneck:
    workers = _workers(host)
    reading = read_s / host.busy_s
    if reading > _READS_MOSTLY:
        spent = f"{workers} spent {_percent(reading)} of the work on reading files"
        return RunBottleneck("storage", f"Storage is the bottleneck: {spent}, and {waited}.")
    busy = f"{workers} worked {_percent(share)} of it"
    return RunBottleneck(host.stage, f"The host is the bottleneck: {waited}, while {busy}.")


def _shares(device: str, loads: Mapping[str, Load], shares: Mapping[str, float]) -> str:
    """`it worked 87 % of the time, the 2 workers 13 %`, where `device` is `it`."""
    text = f"{device} worked {_percent(shares['device'])} of the time"
    if "preprocess" in loads:
        text += f", {_workers(loads['preprocess'])} {_percent(shares['preprocess'])}"
    return text


def _startup(seconds: float, first_batch_s: float | None) -> str:
    if first_batch_s is None or first_batch_s < _STARTUP * seconds:
        return ""
    return f", and {_percent(first_batch_s / seconds)} of it passed before the first scores"


def _workers(host: Load) -> str:
    return "the only worker" if host.threads == 1 else f"the {host.threads:,} workers"


def _percent(part: float) -> str:
    return f"{100 * min(part, 1.0):.0f} %"

"""Starts the peers, compares their results with Pillow's, and times them in rounds."""

from __future__ import annotations

import functools
import gc
import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from difference import Reference
from floor import FULL_DECODE, Stages
from peers import FLOOR, Case, Peer, cases
from rounds import Key, Round, Task, interleave
from summary import LOWEST, stage
from team import PeerError, Team

#: A pass over fewer photos is too short to time; they are then taken several times.
LEAST_PHOTOS = 100
LEAST_PER_WORKER = 8


class Comparison:
    """One run of the benchmark."""

    def __init__(
        self, photos: Sequence[str], workers: int, folder: Path, notify: Callable[[str], None]
    ) -> None:
        """folder: for files of the run, removed by the caller."""
        least = max(LEAST_PHOTOS, LEAST_PER_WORKER * workers)
        self._photos = list(photos) * math.ceil(least / len(photos))
        self._workers = workers
        self._folder = folder
        self._notify = notify
        self._tasks: list[Task] = []
        self._reference: Reference | None = None
        self.teams: list[Team] = []
        self.labels: dict[str, dict[str, Any]] = {}
        self.differences: dict[Key, dict[str, Any]] = {}
        self.versions: dict[str, Any] = {}
        self.not_measured: list[dict[str, str]] = []

    def add_peer(self, peer: Peer, python: str) -> None:
        """Have it measured, if it gives results at all. The first one added is the reference."""
        self._notify(f"{peer.name}: pixels")
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        team = Team(peer, python, self._photos, self._workers, folder)
        self.teams.append(team)
        try:
            found = team.versions()
            rows = cases(peer, self._workers)
            for case in rows:
                self._compare(team, case)
        except PeerError as error:
            why = f"not installed ({error})" if error.missing else f"fails: {error}"
            self.leave_out(peer.name, why, peer.install)
            return
        self.versions[peer.name] = found
        self._tasks += [functools.partial(_time, team, case) for case in rows]
        for variant in peer.variants:
            self.labels[variant.label] = {"peer": peer.name, "complete": variant.complete}

    def leave_out(self, name: str, why: str, install: str) -> None:
        """Have it listed as not measured."""
        self.not_measured.append({"name": name, "why": why, "install": install})

    def add_stages(self, program: Path, levels: Sequence[str]) -> None:
        """The floor and regcore's stages, these also with each of `levels` forced."""
        stages = Stages(program, self._photos)
        stages.milliseconds()
        self.versions[FLOOR] = {"libjpeg_turbo": stages.libjpeg_turbo}
        self.labels[FLOOR] = {"peer": FLOOR, "complete": False}

        def one(level: str) -> Round:
            result = stages.milliseconds(level=level or None)
            found = {stage(name, level): value for name, value in result.items()}
            return found if level else {**found, LOWEST: result[FULL_DECODE]}

        def all_cores() -> Round:
            result = stages.milliseconds(workers=self._workers)
            return {Key(FLOOR, "memory", self._workers): result[FULL_DECODE]}

        self._tasks += [functools.partial(one, level) for level in ("", *levels)]
        if self._workers > 1:
            self._tasks.append(all_cores)

    def run(self, rounds: int) -> list[Round]:
        """Time everything that was added."""
        gc.disable()
        try:
            return interleave(self._tasks, rounds, self._notify)
        finally:
            gc.enable()

    def _compare(self, team: Team, case: Case) -> None:
        if not case.variant.compared:
            team.milliseconds(case)
            return
        pixels, digests = team.results(case)
        if self._reference is None:
            self._reference = Reference(pixels, digests)
        self.differences[_key(case)] = self._reference.compare(pixels, digests)


def _key(case: Case) -> Key:
    return Key(case.variant.label, case.source, case.workers)


def _time(team: Team, case: Case) -> Round:
    return {_key(case): team.milliseconds(case)}

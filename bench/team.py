"""The processes in which a peer runs."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray
from peers import Case, Peer

WORKER = Path(__file__).with_name("worker.py")


class PeerError(Exception):
    """A peer does not run. missing: because it is not installed."""

    def __init__(self, reason: str, *, missing: bool = False) -> None:
        super().__init__(reason)
        self.missing = missing


class Team:
    """One peer: a process with threads of its own, or one process per worker."""

    def __init__(
        self, peer: Peer, python: str, photos: Sequence[str], workers: int, folder: Path
    ) -> None:
        self.peer = peer
        self._folder = folder
        self._photos = len(photos)
        self._processes: list[subprocess.Popen[str]] = []
        for _ in range(1 if peer.own_threads else workers):
            process = subprocess.Popen(
                [python, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            self._processes.append(process)
            _send(process, {"photos": list(photos), "folder": str(folder)})

    def milliseconds(self, case: Case) -> float:
        """Per image, of one pass over all photos."""
        requests = self._requests(case, case.variant.pipeline)
        begin = time.perf_counter()
        self._ask(requests)
        return (time.perf_counter() - begin) * 1000 / self._photos

    def results(self, case: Case) -> tuple[NDArray[np.uint8], list[str]]:
        """All crops as pixels, and a digest of each image's values as they are."""
        requests = self._requests(case, case.variant.compared)
        files = [self._folder / f"{k}.npy" for k in range(len(requests))]
        for request, file in zip(requests, files, strict=True):
            request.update(do="results", into=str(file))
        answers = self._ask(requests)
        pixels = np.zeros((self._photos, 0, 0, 3), np.uint8)
        digests = [""] * self._photos
        for k, (file, answer) in enumerate(zip(files, answers, strict=True)):
            part = np.load(file)
            file.unlink()
            if k == 0:
                pixels = np.zeros((self._photos, *part.shape[1:]), np.uint8)
            pixels[k :: len(files)] = part
            digests[k :: len(files)] = answer["digests"]
        return pixels, digests

    def versions(self) -> dict[str, str]:
        """The versions of its interpreter, its packages, and what decodes for them."""
        request = {
            "do": "versions",
            "distributions": self.peer.distributions,
            "decoder": self.peer.decoder,
        }
        answer: dict[str, str] = self._ask([request])[0]["versions"]
        return answer

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
            process.communicate()

    def _requests(self, case: Case, pipeline: str) -> list[dict[str, Any]]:
        """One per process that takes part."""
        parts = 1 if self.peer.own_threads else case.workers
        threads = case.workers if self.peer.own_threads else 1
        request = {"do": "pass", "pipeline": pipeline, "source": case.source, "threads": threads}
        return [{**request, "start": k, "step": parts} for k in range(parts)]

    def _ask(self, requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
        asked = self._processes[: len(requests)]
        for process, request in zip(asked, requests, strict=True):
            _send(process, request)
        answers = [_receive(process) for process in asked]
        for answer in answers:
            if "error" in answer:
                raise PeerError(answer["error"], missing=answer["missing"])
        return answers


def _send(process: subprocess.Popen[str], message: object) -> None:
    pipe = cast("IO[str]", process.stdin)
    try:
        pipe.write(json.dumps(message) + "\n")
        pipe.flush()
    except BrokenPipeError:
        raise PeerError(f"its process ended with {process.wait()}") from None


def _receive(process: subprocess.Popen[str]) -> dict[str, Any]:
    line = cast("IO[str]", process.stdout).readline()
    if not line:
        raise PeerError(f"its process ended with {process.wait()}")
    answer: dict[str, Any] = json.loads(line)
    return answer

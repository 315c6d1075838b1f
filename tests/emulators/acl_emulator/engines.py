"""The parts of a device that work at the same time: two copy engines and the cores."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Engine:
    """Does one thing at a time, each in the time that the settings say.

    Its times are those of a schedule, not of when a thread of this process woke up, as a real
    device does not wait for the host's scheduler either. Only work that takes longer than it
    should moves the schedule.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free_at = 0.0

    def run(self, ready: float, seconds: float, action: Callable[[], None]) -> tuple[float, float]:
        """Does `action` as soon as it is `ready`, in s of time.perf_counter; when it was."""
        with self._lock:
            start = max(ready, self._free_at)
            if not seconds:
                start = max(start, time.perf_counter())
            try:
                action()
            finally:
                now = time.perf_counter()
                end = start + seconds
                if now < end:
                    time.sleep(end - now)
                elif not seconds or now > end:
                    end = now
                self._free_at = end
            return start, end


class Engines:
    """Those of one device."""

    def __init__(self) -> None:
        self.to_device = Engine()
        self.to_host = Engine()
        self.compute = Engine()

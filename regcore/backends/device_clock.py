"""When a device passed its events, by the host's clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DeviceClock:
    """A device's clock beside the host's, which drift apart by little in a run.

    origin: an event, which the device passed at `origin_time`, in s of time.perf_counter.
    milliseconds: from one event to another, as the device tells it.
    """

    origin: Any
    origin_time: float
    milliseconds: Callable[[Any, Any], float]

    def passed(self, marks: Mapping[str, Any]) -> dict[str, float]:
        """When each event of a batch was passed, in s of time.perf_counter; "start" came first."""
        start = marks["start"]
        begin = self.origin_time + self.milliseconds(self.origin, start) / 1000
        # The device tells times in float32: only short ones are exact.
        return {
            name: begin + self.milliseconds(start, event) / 1000 for name, event in marks.items()
        }

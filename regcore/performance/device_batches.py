"""The batches that the device was given, as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regcore.backends.protocol import DeviceStage
from regcore.inference.timeline import DEVICE_STAGES, BatchLog


@dataclass(frozen=True)
class DeviceBatches:
    """Those whose scores came; every array has one value a batch.

    times: BATCH. seconds: in each stage of the device; NaN where it had no such stage. device: that
    computed it.
    """

    times: NDArray[np.void]
    seconds: dict[DeviceStage, NDArray[np.float64]]
    device: NDArray[np.int64]

    @classmethod
    def of(cls, log: BatchLog) -> DeviceBatches:
        """All batches in a log."""
        times, spans = log.table(), log.spans()
        firsts = times["span"].astype(np.int64)
        batch = np.repeat(np.arange(len(times)), np.diff(firsts, append=len(spans)))
        device = np.zeros(len(times), np.int64)
        device[batch[::-1]] = spans["device"][::-1]  # the first span's is written last
        seconds: dict[DeviceStage, NDArray[np.float64]] = {}
        for number, stage in enumerate(DEVICE_STAGES):
            of_stage = spans["stage"] == number
            lengths = (spans["end"] - spans["start"])[of_stage]
            seconds[stage] = np.full(len(times), np.nan)
            seconds[stage][batch[of_stage]] = 0.0
            np.add.at(seconds[stage], batch[of_stage], lengths)
        return cls(times, seconds, device).where(times["taken"] > 0)

    def of_device(self, device: int) -> DeviceBatches:
        """Those that one device computed."""
        return self.where(self.device == device)

    def where(self, chosen: NDArray[np.bool_]) -> DeviceBatches:
        """Those for which it holds."""
        seconds = {stage: values[chosen] for stage, values in self.seconds.items()}
        return DeviceBatches(self.times[chosen], seconds, self.device[chosen])

    def __len__(self) -> int:
        return len(self.times)

    @property
    def devices(self) -> tuple[int, ...]:
        """The numbers of those that computed anything."""
        return tuple(np.unique(self.device[~np.isnan(self.seconds["compute"])]).tolist())

    @property
    def images(self) -> int:
        """The images of all these batches."""
        return int(self.times["images"].sum())

    @property
    def compute_seconds(self) -> float:
        """Inside the model's execution."""
        return float(np.nansum(self.seconds["compute"]))

    @property
    def module_seconds(self) -> float:
        """Inside the model's execution and the copies to and from the device."""
        return float(sum(np.nansum(values) for values in self.seconds.values()))


def busy_seconds(log: BatchLog) -> float:
    """How long the devices computed or copied, summed over them; both at once counts once."""
    spans = log.spans()
    busy = 0.0
    for device in np.unique(spans["device"]):
        of_device = spans[spans["device"] == device]
        of_device = of_device[np.argsort(of_device["start"])]
        busy_until = np.maximum.accumulate(of_device["end"])
        start = of_device["start"].copy()
        start[1:] = np.maximum(start[1:], busy_until[:-1])
        busy += float(np.maximum(of_device["end"] - start, 0.0).sum())
    return busy

"""What the emulated machine is like, and what is not known of real ones."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, fields
from typing import Any

VARIABLE = "ACL_EMULATOR"


@dataclass
class Unverified:
    """What public sources leave open, or what differs by version of CANN. Test both sides.

    after_failure: whether a stream goes on with the tasks behind one that failed.
    output_names: whether they come as "node:0:name" or as in the ONNX model.
    dynamic_output_dims: their batch is the largest gear, as documented, or "-1".
    error_text: whether acl.get_recent_err_msg is there.
    version: whether acl.get_version is there.
    shape_data_bytes: of the input ascend_mbatch_shape_data.
    """

    after_failure: str = "stop"
    output_names: str = "node:0:name"
    dynamic_output_dims: str = "largest"
    error_text: bool = True
    version: bool = True
    shape_data_bytes: int = 8


@dataclass
class Settings:
    """The machine.

    devices: how many chips; soc: their name; device_memory: bytes of each; event_ids: of each, for
        events that order streams.
    cann: the release of the toolkit, which decides what events there are (see events.py) and how
        errors are worded.
    copy_gb_s: 10**9 bytes/s of a copy from or to page-locked memory; pageable_gb_s: of others.
    images_per_s: of the model, one rate or one for each batch size ({"1": 264, "16": 714.5}).
    Where a rate is None, things take as long as they take here.
    check_sources: whether memory that the host changes before it was copied is noticed (costs a
        checksum of every asynchronous copy).
    faults: for a call, as in "rt.malloc", by its number (from 1) the code that it fails with;
        "task.execute" and "task.memcpy" fail later, on the stream.
    trace: whether each call is written on stderr.
    report: file for what was leaked and broken, for processes; written at finalize, or at exit.
    """

    devices: int = 4
    soc: str = "Ascend310P3"
    cann: str = "9.0"
    device_memory: int = 8 << 30
    event_ids: int = 1023
    copy_gb_s: float | None = None
    pageable_gb_s: float | None = None
    images_per_s: float | dict[str, float] | None = None
    check_sources: bool = True
    faults: dict[str, dict[int, int]] = field(default_factory=dict)
    trace: bool = False
    report: str | None = None
    unverified: Unverified = field(default_factory=Unverified)

    @classmethod
    def from_environment(cls) -> Settings:
        """From the JSON in the variable ACL_EMULATOR; ValueError for a name that is none."""
        given: dict[str, Any] = json.loads(os.environ.get(VARIABLE, "{}"))
        if unknown := set(given) - {one.name for one in fields(cls)}:
            raise ValueError(f"{VARIABLE}: no setting named {', '.join(sorted(unknown))}")
        if "unverified" in given:
            given["unverified"] = Unverified(**given["unverified"])
        if "faults" in given:
            given["faults"] = {
                call: {int(number): code for number, code in codes.items()}
                for call, codes in given["faults"].items()
            }
        return cls(**given)

    @property
    def release(self) -> tuple[int, ...]:
        """The release of CANN as numbers."""
        return tuple(map(int, self.cann.split(".")))

    def compute_seconds(self, images: int) -> float:
        """How long the model takes for a batch; 0 where only the work itself counts."""
        rate = self.images_per_s
        if isinstance(rate, dict):
            rate = rate[str(images)]
        return images / rate if rate else 0.0

    def copy_seconds(self, size: int, *, pinned: bool) -> float:
        """How long a copy of `size` bytes takes; 0 where only the work itself counts."""
        rate = self.copy_gb_s if pinned else (self.pageable_gb_s or self.copy_gb_s)
        return size / (rate * 1e9) if rate else 0.0

"""The state of the emulated machine, and the checks that many calls share."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from acl_emulator.engines import Engine, Engines
from acl_emulator.errors import AclError, Code, inject
from acl_emulator.handles import Handles
from acl_emulator.memory import Memory
from acl_emulator.ordering import Ordering, Stamp
from acl_emulator.settings import Settings
from acl_emulator.streams import Event, Stream, Task

_FLUSH = "ASCEND_LOG_DEVICE_FLUSH_TIMEOUT"


@dataclass
class Context:
    """default: made by set_device, and not the caller's to destroy."""

    device: int
    default: bool = False


@dataclass
class Machine:
    """Everything there is.

    calls: the names of all calls so far. held_gil: of those that waited for a device while the real
    module lets no other Python thread run. waits_for_logs: how many ms finalize would wait for
    those of the device; the variable is read when the library is loaded.
    """

    settings: Settings
    handles: Handles = field(default_factory=Handles)
    ordering: Ordering = field(default_factory=Ordering)
    lock: threading.RLock = field(default_factory=threading.RLock)
    initialised: bool = False
    finalised: bool = False
    devices_set: Counter[int] = field(default_factory=Counter)
    calls: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    held_gil: set[str] = field(default_factory=set)
    last_error: str = ""
    waits_for_logs: int = field(default_factory=lambda: int(os.environ.get(_FLUSH, "2000")))
    memory: Memory = field(init=False)
    engines: list[Engines] = field(init=False)
    on_call: Callable[[str, int], None] | None = None
    _counts: Counter[str] = field(default_factory=Counter)
    _thread: threading.local = field(default_factory=threading.local)

    def __post_init__(self) -> None:
        self.memory = Memory(self.settings.device_memory)
        self.engines = [Engines() for _ in range(self.settings.devices)]

    def count(self, name: str) -> int | None:
        """Notes a call; the code that it shall fail with, or None."""
        self._counts[name] += 1
        return self.settings.faults.get(name, {}).get(self._counts[name])

    def note(self, name: str, error: AclError) -> None:
        """Keeps what went wrong for get_recent_err_msg, and broken rules for the report."""
        text = f"{name}: {error}"
        self.last_error = text
        if error.rule:
            self.violations.append(text)

    def note_held_gil(self, name: str) -> None:
        """Notes a call that waits for a device and does not release the GIL."""
        self.held_gil.add(name)

    def device(self, device: int) -> int:
        """The id, if there is such a device."""
        if not 0 <= device < self.settings.devices:
            last = self.settings.devices - 1
            reason = f"there is no device {device}, only 0 to {last}"
            raise AclError(Code.RT_INVALID_DEVICEID, reason, rule=False)
        return device

    @property
    def current(self) -> int | None:
        """The handle of this thread's context."""
        handle: int | None = getattr(self._thread, "context", None)
        return handle

    @current.setter
    def current(self, handle: int | None) -> None:
        self._thread.context = handle

    def context(self) -> Context:
        """This thread's context."""
        if self.current is None:
            reason = f"the thread {threading.current_thread().name!r} has set no context"
            raise AclError(Code.RT_CONTEXT_NULL, reason)
        found: Context = self.handles.get("context", self.current, Code.RT_CONTEXT_NULL)
        return found

    def stream(self, handle: int) -> Stream:
        """A stream of this thread's context."""
        self.context()
        stream: Stream = self.handles.get("stream", handle, Code.RT_PARAM_INVALID)
        if stream.context != self.current:
            reason = f"stream {handle:#x} belongs to another context than this thread's"
            raise AclError(Code.RT_STREAM_CONTEXT, reason)
        return stream

    def event(self, handle: int) -> Event:
        """An event of this thread's context."""
        self.context()
        event: Event = self.handles.get("event", handle, Code.RT_PARAM_INVALID)
        if event.context != self.current:
            reason = f"event {handle:#x} belongs to another context than this thread's"
            raise AclError(Code.RT_PARAM_INVALID, reason)
        return event

    def engines_here(self) -> Engines:
        """Those of the device of this thread's context."""
        return self.engines[self.context().device]

    def work(
        self, name: str, stream: Stream, engine: Engine, seconds: float, action: Callable[[], None]
    ) -> Task:
        """Gives a stream something to do. What goes wrong there shows at a synchronisation."""
        fault = self.count(f"task.{name}")

        def act() -> None:
            try:
                inject(fault)
                action()
            except AclError as error:
                self.note(f"task {name}", error)
                raise

        task = Task(engine, seconds, act)
        stream.submit(task)
        return task

    def synchronise(self, handle: int, stream: Stream) -> None:
        """Waits for a stream; AclError of the task of it that failed."""
        error = stream.synchronize()
        self.ordering.join_stream(0, handle)
        if error is not None:
            raise AclError(error.code, str(error), rule=False)

    def host_step(self) -> Stamp:
        """The host does something now."""
        return self.ordering.step(0)

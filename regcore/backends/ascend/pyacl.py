"""Huawei's module `acl`, with every return code checked."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from operator import attrgetter
from types import ModuleType
from typing import Any, cast

from regcore.backends.ascend.error_codes import LOG_FLUSH, SUCCESS, explain
from regcore.backends.ascend.error_text import causes
from regcore.backends.ascend.toolkit import DRIVER_FOLDER, DRIVER_LIBRARY, environment_hint
from regcore.errors import BackendError


def import_acl() -> ModuleType:
    """The module. Raises BackendError where it is not there, or is another package of that name."""
    # At its end every process would wait 2 s for the device's own log. It is read at the import.
    os.environ.setdefault(LOG_FLUSH, "0")
    try:
        import acl
    except ImportError as error:
        advice = environment_hint()
        if DRIVER_LIBRARY in str(error):
            advice = (
                f"{DRIVER_LIBRARY} belongs to the driver: install it; where it is installed, put "
                f"{DRIVER_FOLDER} on LD_LIBRARY_PATH; a container needs that folder and a device"
            )
        raise BackendError(f"pyACL cannot be imported ({error}): {advice}") from error
    if not (hasattr(acl, "rt") and hasattr(acl, "mdl")):
        raise BackendError(
            f"the package acl in {getattr(acl, '__file__', None)} is not Huawei's pyACL but "
            f"another of that name: pip uninstall acl, then {environment_hint()}"
        )
    return cast("ModuleType", acl)


def has_acl() -> bool:
    """Whether pyACL can be imported."""
    try:
        import_acl()
    except BackendError:
        return False
    return True


class Acl:
    """Calls by name, as in "rt.malloc".

    pyACL lets other Python threads run only while it waits: in synchronize_stream and
    stream_wait_event. All else holds the GIL as long as it takes, so nothing else may wait for the
    device: copies are asynchronous and from page-locked memory, no record lacks an event id, and no
    stream is given more tasks than it holds. A hung device is then noticed, as it hangs in a wait.
    To load a model takes seconds in which no thread does anything: models are open before images
    are read, and one after the other.

    subject: what the calls are for, at the beginning of their errors. All of them raise
    BackendError with the code's name, the vendor's own words and what to do.
    """

    def __init__(self, module: ModuleType, subject: str) -> None:
        self.module = module
        self.subject = subject

    def has(self, name: str) -> bool:
        """Whether this release of pyACL has the function."""
        try:
            attrgetter(name)(self.module)
        except AttributeError:
            return False
        return True

    def do(self, name: str, *arguments: object) -> None:
        """A function that returns its code alone."""
        code = self._function(name)(*arguments)
        if code != SUCCESS:
            raise self.error(name, code)

    def value(self, name: str, *arguments: object, accept: Collection[int] = ()) -> Any:  # noqa: ANN401
        """What a function gives that returns it with its code; None with a code of `accept`."""
        found, code = self._function(name)(*arguments)
        if code in accept:
            return None
        if code != SUCCESS:
            raise self.error(name, code)
        return found

    def handle(self, name: str, *arguments: object) -> int:
        """What a function gives that returns 0 where it fails."""
        found = self._function(name)(*arguments)
        if not found:
            raise self.error(name, None)
        return int(found)

    def get(self, name: str, *arguments: object) -> Any:  # noqa: ANN401
        """What a function gives that tells no failure."""
        return self._function(name)(*arguments)

    def error(self, name: str, code: int | None) -> BackendError:
        """The error of a call that failed; code: None where it told none."""
        what, advice = explain(code) if code is not None else ("no result", "")
        words = " ".join(recent_error(self.module).split())
        detail = "".join(f" ({text})" for text in (words, advice) if text)
        return BackendError(f"{self.subject}: acl.{name} failed: {what}{detail}")

    def _function(self, name: str) -> Callable[..., Any]:
        try:
            return cast("Callable[..., Any]", attrgetter(name)(self.module))
        except AttributeError:
            reason = f"this pyACL has no acl.{name}: a newer CANN is needed"
            raise BackendError(f"{self.subject}: {reason}") from None


def recent_error(module: ModuleType) -> str:
    """The cause in the vendor's last error text, in one line; older versions have none."""
    function = getattr(module, "get_recent_err_msg", None)
    text = function() if function is not None else None
    if not isinstance(text, str):
        return ""
    return next(iter(causes(text)), text.strip().partition("\n")[0])


def interface_version(module: ModuleType) -> str:
    """The version of AscendCL, as in 1.13.0; older ones do not tell it."""
    function = getattr(module, "get_version", None)
    *numbers, code = function() if function is not None else (None,)
    return "unknown" if code != SUCCESS else ".".join(map(str, numbers))

"""A headless Chromium, driven through the pipe of its DevTools protocol without any package."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-pipe"),
)
_COMPLAINTS = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
_PHONE = 600  # CSS pixels; what is narrower is shown as on a phone


class Browser:
    """A page of a running Chromium.

    complaints: what it wrote to its console, and errors of scripts. requests: all addresses that
    it asked for.
    """

    def __init__(self, to_chromium: int, from_chromium: int) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._to, self._from = to_chromium, from_chromium
        self._unread = b""
        self._sent = 0
        self._loaded = False
        self._session: dict[str, str] = {}
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """The result of a command of the protocol."""
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": params, **self._session}
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while (answer := self._message()).get("id") != self._sent:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return dict(answer["result"])

    def show(
        self, page: Path, width: int, height: int, *, dark: bool = False, scale: float = 1.0
    ) -> None:
        """Loads a page into a window of this size in CSS pixels; scale: pixels for each of them."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=width < _PHONE,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._loaded = False
        self.call("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._message()

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def picture(self) -> bytes:
        """What is seen in the window, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    def _message(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            part = os.read(self._from, 1 << 20)
            if not part:
                raise RuntimeError("Chromium has gone")
            self._unread += part
        text, _, self._unread = self._unread.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        method, params = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        if method in _COMPLAINTS:
            self.complaints.append(json.dumps(params))
        if method == "Page.loadEventFired":
            self._loaded = True
        return message


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A Chromium that keeps its profile in the folder; it is ended with the context."""
    if CHROMIUM is None:
        raise RuntimeError("there is no Chromium")
    theirs_in, ours_out = os.pipe()
    ours_in, theirs_out = os.pipe()
    # Chromium reads from descriptor 3 and writes to 4.
    wiring = f'exec "$0" "$@" 3<&{theirs_in} 4>&{theirs_out}'
    command = [CHROMIUM, *_FLAGS, f"--user-data-dir={profile}", "about:blank"]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        ["/bin/bash", "-c", wiring, *command],
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        pass_fds=(theirs_in, theirs_out),
    ) as process:
        os.close(theirs_in)
        os.close(theirs_out)
        try:
            yield Browser(ours_out, ours_in)
        finally:
            process.terminate()
            os.close(ours_out)
            os.close(ours_in)

"""The file systems that fsspec opens by a URL."""

from __future__ import annotations

import re
from typing import Any

from regcore.errors import BackendError, first_line
from regcore.sources.packages import import_reader

#: What fsspec says of a package that is not installed.
_MISSING = re.compile(r"Install (\S+) to access .*")


def open_file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises BackendError where fsspec, or what it needs for this URL, is not installed.
    """
    core = import_reader("fsspec.core", "remote", f"opening {url}")
    try:
        system, path = core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        reason = _MISSING.sub(r"pip install \1", first_line(error))
        raise BackendError(f"{url}: fsspec cannot open it: {reason}") from error
    return system, str(path)

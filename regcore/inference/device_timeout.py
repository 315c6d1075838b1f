"""How long a device may be silent. The command line has it from here, without NumPy."""

from __future__ import annotations

#: s without an answer after which a device counts as hung. A runtime may build its engine at the
#: first batch, for minutes.
DEVICE_TIMEOUT = 600.0

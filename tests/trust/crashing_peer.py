"""A library that ends its child; copies of this file have another HOW."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from regcore import Recipe
from regcore.trust.doctor import reference
from regcore.trust.doctor.peers.protocol import Peer, Way

HOW = "abort"


def _ways(_: Recipe) -> Sequence[Way]:
    if HOW == "abort":
        os.abort()
    if HOW == "exit":
        os._exit(7)
    if HOW == "hang":
        time.sleep(60)
    if HOW == "raise":
        raise ImportError("libmissing.so.3: cannot open shared object file") from None
    print("libraries like to print")  # noqa: T201
    return [Way("noisy", decode=reference.decode)]


PEER = Peer("crashing", ("numpy",), _ways)

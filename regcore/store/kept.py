"""The images of a store that earlier runs made, and that stay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from regcore.errors import DecodeError
from regcore.sources.protocol import ImageSource
from regcore.store.ledger import LayeredLedgers
from regcore.store.ledger_line import Record
from regcore.store.progress import Tally


def kept_records(
    paths: Sequence[str], kept: NDArray[np.bool_], known: LayeredLedgers
) -> Iterator[Record]:
    """Their records."""
    found = (known.find(paths[place]) for place in np.flatnonzero(kept).tolist())
    return (record for record in found if record is not None)


def count_kept(
    kept: NDArray[np.bool_],
    source: ImageSource,
    known: LayeredLedgers,
    tally: Tally,
) -> None:
    """Counts them, and what was noticed of them."""
    errors, diagnostics = [], []
    for index in np.flatnonzero(kept).tolist():
        record = known.find(source.names[index])
        if record is not None and record.error is not None:
            errors.append(DecodeError(source.path(index), record.error, index))
        elif record is not None and (diagnostic := record.diagnostic(source.root)):
            diagnostics.append(diagnostic)
    tally.kept = int(kept.sum()) - len(errors)
    tally.add(0, errors, diagnostics)

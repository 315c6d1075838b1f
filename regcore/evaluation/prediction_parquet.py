"""Predictions as Arrow and Parquet, by pyarrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from regcore.errors import BackendError

if TYPE_CHECKING:
    from regcore.evaluation.prediction_table import PredictionTable


def arrow_table(table: PredictionTable) -> Any:  # noqa: ANN401
    """A pyarrow.Table. Raises BackendError where pyarrow is not installed."""
    from regcore.evaluation.prediction_table import metadata

    pa, _ = _import_pyarrow()
    columns = {
        name: pa.array(np.ma.getdata(column), mask=np.ma.getmaskarray(column))
        for name, column in table.columns.items()
    }
    return pa.table(columns).replace_schema_metadata(metadata(table))


def parquet_bytes(table: PredictionTable) -> bytes:
    """The content of a Parquet file. Raises BackendError where pyarrow is not installed."""
    pa, parquet = _import_pyarrow()
    sink = pa.BufferOutputStream()
    parquet.write_table(arrow_table(table), sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _import_pyarrow() -> tuple[Any, Any]:
    """pyarrow, and its module for Parquet."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise BackendError(
            f"pyarrow is not installed ({error}); install it with: pip install 'regcore[arrow]'"
        ) from error
    return pa, parquet

"""What a run's model made of each image, as columns that other tools open."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regcore.evaluation.predictions_csv import as_cell
from regcore.evaluation.run_folder import Run
from regcore.files.atomic import replacing, write_text
from regcore.models.class_names import names_of_classes

#: Its name in a run's folder.
PREDICTION_TABLE = "predictions.parquet"
#: The key of the file's metadata that tells whose it is.
METADATA_KEY = "regcore predictions"

_FOOTER_BYTES = 1 << 16
_MAGIC = b"PAR1"
_UNREAL = "backslashreplace"


@dataclass(frozen=True)
class PredictionTable:
    """One row an image, in the order of the run.

    columns: an array for each name, masked where there is no value:

    name, path: the image below the run's folder of images, and with that folder; text.
    label, rank: the true class, and its place among the five best, 1 to 5, int64.
    evaluated: whether the image was; bool. Where it was not, label has the only number.
    class1 to class5 int64, score1 to score5 float32: the best classes, and the model's own scores.
    margin: score1 - score2, float32: how sure the model was.
    label_name, class1_name: by name, where the names of the classes are given; text.

    about: the run's identity, model, backend and recipe.
    """

    columns: Mapping[str, np.ma.MaskedArray[Any, Any]]
    about: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.columns["name"])

    def to_arrow(self) -> Any:  # noqa: ANN401
        """As a pyarrow.Table, whose `to_pandas()` is a DataFrame.

        Raises BackendError where pyarrow, of the extra `arrow`, is not installed.
        """
        from regcore.evaluation.prediction_parquet import arrow_table

        return arrow_table(self)

    def write_parquet(self, path: str | Path) -> None:
        """Writes a Parquet file, whole or not at all; raises as to_arrow, and OutputError."""
        from regcore.evaluation.prediction_parquet import parquet_bytes

        content = parquet_bytes(self)
        with replacing(path) as temporary:
            temporary.write_bytes(content)

    def to_csv(self) -> str:
        """As comma-separated text with a header; what is masked is empty.

        Nine digits give the same float32. No text is a formula to a spreadsheet: what begins like
        one gets a quote, as in predictions.csv.
        """
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
        writer.writerow(self.columns)
        texts = [_texts(column) for column in self.columns.values()]
        writer.writerows(zip(*texts, strict=True))
        return out.getvalue()

    def write_csv(self, path: str | Path) -> None:
        """Writes it as text, whole or not at all; raises OutputError."""
        write_text(path, self.to_csv())


def prediction_table(run: Run, class_names: Sequence[str] | None = None) -> PredictionTable:
    """The predictions of a run. class_names: of the model's classes, by index.

    Raises DatasetError for predictions.csv of another run, and UsageError for names of another
    model.
    """
    found = run.predictions()
    names = None
    if class_names is not None:
        names = names_of_classes(class_names, run.content.classes, "class_names")
    is_label = found.classes == found.labels[:, np.newaxis]
    columns: dict[str, np.ma.MaskedArray[Any, Any]] = {
        "name": _text_column(found.images),
        "path": _text_column([str(Path(run.content.root) / image) for image in found.images]),
        "label": np.ma.masked_array(found.labels),
    }
    if names is not None:
        columns["label_name"] = _named(names, found.labels)
    columns["rank"] = np.ma.masked_array(is_label.argmax(axis=1) + 1, ~is_label.any(axis=1))
    columns["evaluated"] = np.ma.masked_array(found.evaluated)
    for rank, (classes, scores) in enumerate(zip(found.classes.T, found.scores.T, strict=True), 1):
        columns[f"class{rank}"] = np.ma.masked_array(classes, classes < 0)
        if rank == 1 and names is not None:
            columns["class1_name"] = _named(names, classes)
        columns[f"score{rank}"] = np.ma.masked_array(scores, classes < 0)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        margin = found.scores[:, 0] - found.scores[:, 1]
    columns["margin"] = np.ma.masked_array(margin, np.isnan(margin))
    content = run.content
    about = {"model": content.model, "backend": content.backend, "recipe": content.recipe}
    return PredictionTable(columns, {**about, "run": content.run or ""})


def is_prediction_table(path: Path) -> bool:
    """Whether a file is a table that write_parquet has written."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, io.SEEK_END) - _FOOTER_BYTES))
            footer = file.read()
    except OSError:
        return False
    return footer.endswith(_MAGIC) and METADATA_KEY.encode() in footer


def metadata(table: PredictionTable) -> dict[str, str]:
    """What a file of the table says of itself."""
    return {METADATA_KEY: json.dumps(dict(table.about))}


def _text_column(texts: Sequence[str]) -> np.ma.MaskedArray[Any, Any]:
    """Names of files need not be Unicode; what is none is written out."""
    known = [text.encode("utf-8", _UNREAL).decode() for text in texts]
    return np.ma.masked_array(np.array(known, dtype=object))


def _named(names: Sequence[str], classes: NDArray[np.int64]) -> np.ma.MaskedArray[Any, Any]:
    known = (classes >= 0) & (classes < len(names))
    texts = [names[number] if ok else "" for number, ok in zip(classes, known, strict=True)]
    return np.ma.masked_array(_text_column(texts), ~known)


def _texts(column: np.ma.MaskedArray[Any, Any]) -> list[str]:
    values = np.ma.getdata(column).tolist()
    masked = np.ma.getmaskarray(column).tolist()
    return ["" if hidden else _text(value) for value, hidden in zip(values, masked, strict=True)]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.9g}"
    return as_cell(value) if isinstance(value, str) else str(value)

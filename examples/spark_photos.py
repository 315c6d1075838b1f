"""Photos prepared by Spark's workers, with mapInArrow.

    pip install 'regcore[arrow,demo]' pyspark  # and Java
    python examples/spark_photos.py

Spark gives record batches and takes record batches; regcore.ray.Preprocess, which needs no Ray,
makes the one of the other. A photo that cannot be read is a row with an error.
"""

import logging
import os
import sys
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
from pyspark.sql import SparkSession

from regcore import Preprocessor, Recipe
from regcore.images.sample_photos import sample_photos
from regcore.ray import Preprocess

RECIPE = Recipe.from_timm("resnet50.a1_in1k").in_form("uint8")


def prepare(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each batch with its images prepared, as bytes."""
    preprocess = Preprocess(RECIPE, workers=2)  # once for a partition
    for batch in batches:
        made = preprocess(batch.to_pydict())
        made["image"] = [image.tobytes() for image in made["image"]]
        yield pa.RecordBatch.from_pydict({name: list(column) for name, column in made.items()})


os.environ["PYSPARK_PYTHON"] = sys.executable
logging.disable()
paths, labels = sample_photos()
rows = [(str(path), int(label)) for path, label in zip(paths, labels, strict=True)]
rows.append(("/no/such/photo.jpg", 0))

spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
try:
    table = spark.createDataFrame(rows, "path string, label bigint").repartition(2)
    schema = "label bigint, image binary, name string, error string"
    prepared = {row["name"]: row for row in table.mapInArrow(prepare, schema).collect()}
finally:
    spark.stop()

expected = Preprocessor(RECIPE)(paths)
same = [
    np.array_equal(np.frombuffer(prepared[str(path)]["image"], np.uint8), image.ravel())
    for path, image in zip(paths, expected, strict=True)
]
print(f"{len(same)} photos, equal to the preprocessor's: {all(same)}")
print(f"failed: {[row['error'] for row in prepared.values() if row['error']]}")

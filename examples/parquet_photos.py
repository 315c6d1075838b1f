"""Photos and labels out of a parquet file, as datasets of the Hugging Face hub are kept.

    pip install 'regcore[arrow,demo]'
    python examples/parquet_photos.py

The file is made here of the demo's photos, with the hub's columns: an image of struct<bytes, path>
and a label. The commands take it, too: `regcore infer model.onnx photos.parquet scores`.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
import pyarrow as pa
from pyarrow import parquet

from regcore import Preprocessor, Recipe, TopN
from regcore.demo import MODEL, exported_model
from regcore.files.cache_dir import user_cache
from regcore.images.sample_photos import sample_photos
from regcore.sources.spelling import open_source

BATCH = 8

paths, labels = sample_photos()
model = onnxruntime.InferenceSession(exported_model(user_cache(), log=print))
name = model.get_inputs()[0].name
preprocessor = Preprocessor(Recipe.preset(MODEL))

with tempfile.TemporaryDirectory() as folder:
    file = Path(folder) / "photos.parquet"
    images = [{"bytes": path.read_bytes(), "path": path.name} for path in paths]
    parquet.write_table(pa.table({"image": images, "label": labels}), file)

    topn = TopN(5)
    with open_source(file) as source:
        targets = source.labels()
        with preprocessor.stream(source.read(), BATCH) as batches:
            for batch in batches:
                (scores,) = model.run(None, {name: batch.images})
                topn.update(scores, targets[batch.indices])

print(f"labels as they were: {np.array_equal(targets, labels)}")
print(f"{topn.count} photos, Top1 {100 * topn.accuracy(1):.2f} %")

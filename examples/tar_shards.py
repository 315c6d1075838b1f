"""Photos out of tar shards, as WebDataset writes them, without unpacking: the same as from files.

    pip install 'regcore[demo]'
    python examples/tar_shards.py

The shards are made here of the demo's photos; `timm/imagenet-1k-wds` has the same form. The
commands take them, too: `regcore infer model.onnx 'shard-{000..001}.tar' scores`.
"""

import io
import tarfile
import tempfile
from pathlib import Path

import numpy as np

from regcore import Preprocessor, Recipe
from regcore.demo import MODEL
from regcore.images.sample_photos import sample_photos
from regcore.sources.spelling import open_source

BATCH = 8

paths, labels = sample_photos()
preprocessor = Preprocessor(Recipe.preset(MODEL))

with tempfile.TemporaryDirectory() as folder:
    for number, places in enumerate(np.array_split(np.arange(len(paths)), 2)):
        with tarfile.open(Path(folder) / f"shard-{number:03}.tar", "w") as shard:
            for place in places:
                shard.add(paths[place], f"{place:06}.jpg")
                text = str(labels[place]).encode()
                info = tarfile.TarInfo(f"{place:06}.cls")
                info.size = len(text)
                shard.addfile(info, io.BytesIO(text))

    with open_source(Path(folder) / "shard-{000..001}.tar") as source:
        print(f"{len(source)} photos, the first is {source.names[0]}")
        print(f"the labels are those of the files: {np.array_equal(source.labels(), labels)}")
        from_files = preprocessor(paths)
        with preprocessor.stream(source.read(), BATCH) as batches:
            same = [np.array_equal(batch.images, from_files[batch.indices]) for batch in batches]
        print(f"the batches are those of the files: {same}")

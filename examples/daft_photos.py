"""Photos prepared by Daft, in a class of its engine.

    pip install 'regcore[demo]' daft
    python examples/daft_photos.py

Daft makes one object of the class in each of its workers, and calls it with batches of columns.
regcore.ray.Preprocess, which needs no Ray, prepares them. A photo that cannot be read is a row with
an error.
"""

import daft
import numpy as np
from daft import DataType, Series

from regcore import Preprocessor, Recipe
from regcore.images.sample_photos import sample_photos
from regcore.ray import Preprocess

RECIPE = Recipe.from_timm("resnet50.a1_in1k").in_form("uint8")
PREPARED = DataType.struct(
    {
        "image": DataType.tensor(DataType.uint8(), RECIPE.image_shape),
        "error": DataType.string(),
    }
)


@daft.cls(max_concurrency=1)  # it has threads of its own
class Prepare:
    """What Daft calls."""

    def __init__(self) -> None:
        self.preprocess = Preprocess(RECIPE, workers=2)

    @daft.method.batch(return_dtype=PREPARED, batch_size=256)
    def __call__(self, paths: Series) -> list[dict]:
        """A struct for each path."""
        made = self.preprocess({"path": paths.to_pylist()})
        return [
            {"image": image, "error": error}
            for image, error in zip(made["image"], made["error"], strict=True)
        ]


paths, labels = sample_photos()
names = [*map(str, paths), "/no/such/photo.jpg"]
table = daft.from_pydict({"path": names, "label": [*map(int, labels), 0]})
prepare = Prepare()
table = table.with_column("prepared", prepare(table["path"]))
prepared = dict(zip(names, table.to_pydict()["prepared"], strict=True))

expected = Preprocessor(RECIPE)(paths)
same = [
    np.array_equal(prepared[str(path)]["image"], image)
    for path, image in zip(paths, expected, strict=True)
]
print(f"{len(same)} photos, equal to the preprocessor's: {all(same)}")
print(f"failed: {[row['error'] for row in prepared.values() if row['error']]}")

"""regcore in place of transformers' image processors.

    from regcore.huggingface import ImageProcessor  # for AutoImageProcessor with backend="pil"

    processor = ImageProcessor.from_pretrained("FOLDER")
    model(**processor(images=photos, return_tensors="pt"))

The values are those of the PIL backend, bit for bit. transformers is not imported.
"""

from regcore.huggingface.batch_feature import BatchFeature as BatchFeature
from regcore.huggingface.image_processor import ImageProcessor as ImageProcessor

__all__ = ["BatchFeature", "ImageProcessor"]

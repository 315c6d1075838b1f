"""What the core offers by name, and its default limits: listed here, and nowhere else in Python.

A name is bound to the core's own number in pipeline.pyx, in the order of these lists.
"""

from __future__ import annotations

FILTERS = ("box", "bilinear", "hamming", "bicubic", "lanczos", "nearest")
#: Whose resize; regcore.recipes.flavours has what each one can.
FLAVOURS = (
    "pillow", "torch", "torch_float", "torch_no_antialias", "opencv", "tensorflow",
    "tensorflow_antialias",
)  # fmt: skip
#: Those of recipes: other libraries have more than Pillow.
RECIPE_FILTERS = (*FILTERS, "area", "nearest_exact", "lanczos5", "gaussian", "mitchellcubic")
#: Those of a whole picture: Magic Kernel Sharp came with Pillow 13.
RESIZE_FILTERS = (*FILTERS, "mks2013", "mks2021")
PASS_ORDERS = ("pillow9", "pillow13")
FITS = ("exact", "inside", "outside", "outside_factor")
CROP_OFFSETS = ("half_even", "floor", "toward_zero")
EXIF = ("ignore", "apply")
CHANNELS = ("rgb", "bgr", "gray")
ARITHMETICS = ("float32", "product", "float64")
DTYPES = ("float32", "float16", "bfloat16", "uint8", "int8")
LAYOUTS = ("nchw", "nhwc")
ON_WARNING = ("ignore", "report", "fail")

MAX_FILE_BYTES = 1 << 30
#: Pillow's limit of a decompression bomb, twice its MAX_IMAGE_PIXELS.
MAX_PIXELS = 2 * (1024 * 1024 * 1024 // 4 // 3)
MAX_SCANS = 100
#: Threads.
MAX_WORKERS = 1024

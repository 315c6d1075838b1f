"""In what a device may compute float32 where a user asks for it; none does so by itself."""

PRECISIONS = ("tf32", "hf32", "bfloat16", "float16")

"""`cuda` of the emulator, which tensorrt.py beside it installs."""

import tensorrt  # noqa: F401

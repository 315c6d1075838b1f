"""With this folder on PYTHONPATH, `import tensorrt` and `cuda` give the emulator."""

import sys
from pathlib import Path

_EMULATORS = Path(__file__).resolve().parents[2]
for _folder in map(str, (_EMULATORS, _EMULATORS.parent)):
    if _folder not in sys.path:
        sys.path.append(_folder)

from tensorrt_emulator import Emulator  # noqa: E402

Emulator().installed().__enter__()

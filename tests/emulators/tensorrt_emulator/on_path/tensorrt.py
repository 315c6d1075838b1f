"""With this folder on PYTHONPATH, `import tensorrt` and `cuda` give the emulator."""

import sys
from pathlib import Path

_EMULATORS = Path(__file__).resolve().parents[2]
for _folder in map(str, (_EMULATORS, _EMULATORS.parent)):
    if _folder not in sys.path:
        sys.path.append(_folder)

from tensorrt_emulator import Emulator  # noqa: E402

_installed = Emulator().installed()
_installed.__enter__()
# This module is no longer the one of its name: what it holds must live as long as that one.
sys.modules["tensorrt"].installed = _installed  # type: ignore[attr-defined]

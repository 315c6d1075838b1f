"""With this folder on PYTHONPATH, `import acl` gives the emulator."""

import sys
from pathlib import Path

_EMULATORS = Path(__file__).resolve().parents[2]
for _folder in map(str, (_EMULATORS, _EMULATORS.parent)):
    if _folder not in sys.path:
        sys.path.append(_folder)

from acl_emulator import module_for_process  # noqa: E402

sys.modules[__name__] = module_for_process()

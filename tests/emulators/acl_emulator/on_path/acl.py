"""With this folder on PYTHONPATH, `import acl` gives the emulator."""

import sys
from pathlib import Path

_TESTS = str(Path(__file__).resolve().parents[2])
if _TESTS not in sys.path:
    sys.path.append(_TESTS)

from acl_emulator import module_for_process  # noqa: E402

sys.modules[__name__] = module_for_process()

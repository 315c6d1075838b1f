"""What a page says of its blocks is read as it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_blocks import lacking, read_page

PAGE = """# A page

<!-- docs-test: given photos model -->
<!-- docs-test: exit 3, emulated ascend -->
```sh
regcore run
```

```text
20 images

Top1 ... %
```

<!-- docs-test: not run: needs a chip -->
```sh
npu-smi
```

- An item:

  ```python
  if True:
      print(1)
  ```

```yaml
a: b
```
"""


def test_blocks_and_markers(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    page = read_page(path)
    assert page.given == ("photos", "model")
    run, not_run, inside = page.blocks
    assert (run.line, run.code, run.exit_code, run.emulated) == (5, "regcore run\n", 3, "ascend")
    assert run.printed == ("20 images", "Top1 ... %")
    assert not_run.not_run == "needs a chip"
    assert (inside.language, inside.code) == ("python", "if True:\n    print(1)\n")


@pytest.mark.parametrize("marker", ["exit three", "emulated gpu", "skip 1"])
def test_a_marker_that_is_none(tmp_path: Path, marker: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"<!-- docs-test: {marker} -->\n```sh\ntrue\n```\n")
    with pytest.raises((AssertionError, ValueError)):
        read_page(path)


def test_printed_lines_come_in_their_order() -> None:
    output = "20 images\n\n  Top1 accuracy    90.0%, interval\n  done\n"
    assert lacking(("20 images", "Top1 accuracy 90.0%, ...", "...", "done"), output) is None
    assert lacking(("done", "20 images"), output) == "20 images"
    assert lacking(("Top1",), output) == "Top1"

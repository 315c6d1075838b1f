"""Makes a picture of a report's first screen, as README shows one.

    python tests/reports/report_picture.py result/report.html docs/images/report.png

needs Chromium. README's is of a run of EfficientNet-Lite0 on 200 photos by OpenVINO, judged against
the same by ONNX Runtime:

    regcore run efficientnet_lite0.onnx PHOTOS --labels LABELS --recipe RECIPE --out reference
    regcore run openvino:efficientnet_lite0.onnx PHOTOS --labels LABELS --recipe RECIPE \\
      --out result --trace result/trace.json
    regcore verdict result --against reference --max-drop 1pt
    regcore report result
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from chromium import browser
from PIL import Image

_WIDTH = 1000  # CSS pixels
_SCALE = 2.0
_COLOURS = 128


def main(report: Path, out: Path) -> None:
    """Writes a PNG of all that comes before the sections of the report."""
    with tempfile.TemporaryDirectory() as profile, browser(Path(profile)) as page:
        page.show(report.resolve(), _WIDTH, 800)
        end = page.evaluate("document.querySelector('nav').getBoundingClientRect().top")
        page.show(report.resolve(), _WIDTH, int(end), scale=_SCALE)
        picture = page.picture()
    with Image.open(io.BytesIO(picture)) as image:
        few = image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    out.parent.mkdir(parents=True, exist_ok=True)
    few.save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

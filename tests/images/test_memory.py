"""The peak of memory: on a mix of bombs, large pictures and photos under a budget; in long runs."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from oracles import jpeg, photo_like
from PIL import Image

BUDGET = 192
BESIDE = 24

#: Prints the peak (VmHWM, in MiB) before and after, and the names of the images refused.
CHILD = """
import sys
from pathlib import Path
from regcore import Preprocessor, Recipe

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024

folder, budget = Path(sys.argv[1]), int(sys.argv[2]) << 20
paths = sorted(folder.iterdir())
preprocessor = Preprocessor(Recipe(resize=40, crop=32), workers=8, memory=budget or None)
preprocessor([path for path in paths if path.name.startswith("small")][:8])
before = peak()
with preprocessor.stream(paths * 2, 16, on_error="report") as stream:
    errors = [error for batch in stream for error in batch.errors]
assert all("needs" in error.detail for error in errors), errors
print(before, peak(), *sorted({Path(error.path).name for error in errors}))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bombs of 25 to 56 megapixels, large pictures of 4 to 9, and photos."""
    folder = tmp_path_factory.mktemp("mix")
    plain = Image.new("RGB", (7000, 8000), (90, 120, 30))
    plain.save(folder / "bomb-progressive.jpg", progressive=True)
    plain.save(folder / "bomb-baseline.jpg")
    plain.crop((0, 0, 5000, 5000)).save(folder / "bomb.png", compress_level=1)
    large = Image.fromarray(photo_like(900, 600)).resize((3600, 2400))
    for number in range(3):
        large.save(folder / f"large-{number}.jpg", quality=60)
        large.save(folder / f"large-progressive-{number}.jpg", quality=60, progressive=True)
        large.crop((0, 0, 2400, 1800)).save(folder / f"large-{number}.png", compress_level=1)
        file = io.BytesIO()
        large.crop((0, 0, 2000, 2000)).save(file, "WEBP", quality=20, method=0)
        (folder / f"large-{number}.webp").write_bytes(file.getvalue())
    for number in range(40):
        (folder / f"small-{number}.jpg").write_bytes(jpeg(photo_like(640, 480, number)))
    return folder


def peaks(folder: Path, budget: int) -> tuple[float, float, list[str]]:
    result = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(budget)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    before, after, *refused = result.stdout.split()
    return float(before), float(after), refused


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_peak_stays_within_the_budget(folder: Path) -> None:
    before, after, refused = peaks(folder, BUDGET)
    print(f"budget {BUDGET} MiB: peak {after:.0f} MiB, {before:.0f} before")  # noqa: T201
    assert refused == ["bomb-baseline.jpg", "bomb-progressive.jpg", "bomb.png"]
    assert after <= BUDGET + BESIDE, (before, after)
    # The measurement can tell: without a budget the same mix takes far more.
    _, unbounded, refused = peaks(folder, 0)
    assert refused == []
    assert unbounded > 2 * (BUDGET + BESIDE)


#: Evaluates as many images as it is told, in batches of one, and prints the peak (VmHWM, in MiB).
EVALUATION = """
import sys
from pathlib import Path
import numpy as np
from regcore import Preprocessor, Recipe
from regcore.backends.simulated.backend import SimulatedBackend
from regcore.inference.evaluate import evaluate

photo, count = Path(sys.argv[1]), int(sys.argv[2])
done = evaluate(
    Preprocessor(Recipe(resize=16, crop=16), workers=2), SimulatedBackend(1e9), [photo] * count,
    np.zeros(count, np.int64), batch_size=1,
)
assert done.images == count
lines = Path("/proc/self/status").read_text().splitlines()
print(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_an_evaluation_of_many_images_takes_little_more_memory(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(photo_like(20, 18, 1)))
    peaks = {}
    for count in (1_000, 20_000):
        result = subprocess.run(
            [sys.executable, "-c", EVALUATION, str(photo), str(count)],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        peaks[count] = float(result.stdout)
    print(peaks)  # noqa: T201
    # Results are 76 bytes an image, its path and places in lists some 300, the times 112.
    assert peaks[20_000] - peaks[1_000] < 19_000 * 650 / 2**20


#: Resizes large pictures, and prints by how much the peak (VmHWM, in MiB) grew.
RESIZES = """
import sys
from pathlib import Path
from regcore import resize

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024

paths = sorted(Path(sys.argv[1]).glob("large-*.jpg"))
resize(paths[:1], (9, 9), workers=1)
before = peak()
results = resize(paths * 8, (64, 48), workers=2)
assert len(results) == 48
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_a_resize_holds_no_more_pictures_than_it_has_workers(folder: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", RESIZES, str(folder)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    # A picture is 25 MiB, and as much again where its JPEG is progressive; all are 1187 MiB.
    assert float(result.stdout) < 200, result.stdout

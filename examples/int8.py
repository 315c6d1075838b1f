"""From a .onnx file to an int8 one, its verdict, and a page of the report, in one command.

    pip install 'regcore[demo,quantize,report]'
    python examples/int8.py
    python examples/int8.py model.onnx PHOTOS labels.txt

The first is of the demo's model and photos, the second of your own.
The int8 and float16 files, the runs and the page go to the folder `int8`. Images of the calibration
are not evaluated: `others.txt` names the rest.
"""

import shutil
import sys
from pathlib import Path

from regcore import (
    calibrate_model,
    compare_layers,
    compare_rates,
    evaluate_model,
    judge_run,
    quantize_model,
    write_report,
)

OUT = Path("int8")
CALIBRATION = OUT / "calibration"


def demo() -> tuple[Path, Path, Path, int]:
    """The demo's model and photos, with labels, and how many of the twenty calibrate."""
    from regcore.demo import exported_model
    from regcore.files.cache_dir import user_cache
    from regcore.images.sample_photos import sample_photos

    photos = OUT / "photos"
    photos.mkdir(parents=True, exist_ok=True)
    paths, labels = sample_photos()
    for path in paths:
        shutil.copy(path, photos)
    lines = (f"{path.name} {label}\n" for path, label in zip(paths, labels, strict=True))
    (OUT / "labels.txt").write_text("".join(lines))
    return exported_model(user_cache(), lambda _: None), photos, OUT / "labels.txt", 8


given = sys.argv[1:]
if len(given) == 3:
    model, photos, labels = map(Path, given)
    count = 128
elif given:
    sys.exit("usage: int8.py [MODEL.onnx PHOTOS LABELS]: all three, or none for the demo")
else:
    model, photos, labels, count = demo()

calibrate_model(model, photos, CALIBRATION, count=count, labels=labels, force=True)
models = {"float32": model}
for name, to in (("fp16", "fp16"), ("int8", "int8-qdq")):
    made = quantize_model(model, CALIBRATION, OUT / f"{name}.onnx", to=to, force=True)
    models[name] = made.path

for name, path in models.items():
    others = CALIBRATION / "others.txt"
    evaluate_model(path, photos, labels, out=OUT / name, list_file=others, force=True)

runs = [f"{name}={OUT / name}" for name in models]
compared = compare_rates(runs, against="float32", max_drop="1pt", out=OUT / "int8", force=True)
compare_layers(models["int8"], CALIBRATION, against=model, out=OUT / "int8", force=True)
judged = judge_run(OUT / "int8", against=OUT / "float32", max_drop="1pt", force=True)
write_report(OUT / "int8")

for port in compared.comparison.ports:
    size = (port.bytes or 0) / 1e6
    print(f"{port.column}: {size:.1f} MB, {port.images} images, {port.lost} lost, {port.won} won")
print(f"int8: {judged.outcome.value}; {OUT / 'int8' / 'report.html'}")

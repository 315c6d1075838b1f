"""The machine and the photos, for the record."""

from __future__ import annotations

import importlib.util
import os
import platform
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from PIL import Image, features

FLAGS = ("avx2", "avx512f", "avx512bw", "avx512vbmi", "avx512_vnni", "asimd", "asimddp")


def machine() -> dict[str, Any]:
    """What a reader needs to judge the times."""
    info = _cpuinfo()
    present = set(info.get("flags", info.get("Features", "")).split())
    return {
        "date": datetime.now(timezone.utc).date().isoformat(),
        "cpu": info.get("model name") or platform.processor() or platform.machine(),
        "cpu_family": info.get("cpu family"),  # of an AMD: 25 is Zen 3 and 4, 26 Zen 5
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "flags": [flag for flag in FLAGS if flag in present],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()),
        "load_average": list(os.getloadavg()),
    }


def _cpuinfo() -> dict[str, str]:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def pillow_jpeg() -> str:
    """The JPEG library inside the installed Pillow."""
    turbo = features.version_feature("libjpeg_turbo")
    return f"libjpeg-turbo {turbo}" if turbo else f"libjpeg {features.version_codec('jpg')}"


def find_photos(folder: str | None) -> list[str]:
    """The JPEG files of a folder, by default the twenty photos that the package foolbox holds."""
    if folder is None:
        spec = importlib.util.find_spec("foolbox")
        if spec is None or spec.origin is None:
            raise SystemExit("give --images DIR, or: pip install foolbox")
        return sorted(map(str, (Path(spec.origin).parent / "data").glob("imagenet_*.jpg")))
    names = (path for path in Path(folder).iterdir() if path.suffix.lower() in {".jpg", ".jpeg"})
    photos = sorted(str(path.resolve()) for path in names)
    if not photos:
        raise SystemExit(f"no .jpg or .jpeg files in {folder}")
    return photos


def describe(photos: list[str]) -> dict[str, Any]:
    """Number, sizes, and what decides how fast they decode: sampling and progressive mode."""
    sizes = []
    layers: dict[str, int] = {}
    progressive = 0
    for path in photos:
        with Image.open(path) as image:
            sizes.append(image.size)
            progressive += "progressive" in image.info
            # Pillow keeps the sampling factors per component here.
            sampling = [layer[1:3] for layer in getattr(image, "layer", [])]
            name = _SAMPLING.get(sampling[0], "other") if len(sampling) == 3 else "not YCbCr"
            layers[name] = layers.get(name, 0) + 1
    count = len(photos)
    return {
        "count": count,
        "mean_kilobytes": sum(Path(path).stat().st_size for path in photos) / count / 1000,
        "mean_width": sum(width for width, _ in sizes) / count,
        "mean_height": sum(height for _, height in sizes) / count,
        "sampling": layers,
        "progressive": progressive,
    }


_SAMPLING = {(1, 1): "4:4:4", (2, 2): "4:2:0", (2, 1): "4:2:2"}

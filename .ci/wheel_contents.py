"""Demands of wheels that their libraries are inside, hidden and licensed; of sdists, no tests."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

LICENSES = [
    "LICENSE",
    "libjpeg-turbo/LICENSE.md",
    "libjpeg-turbo/README.ijg",
    "xxhash/LICENSE",
]
PICTURES = 40
MODULES = {"pictures", "pipeline", "preprocess_spec", "score_files", "sources", "tar_index", "topk"}


def symbols(module: bytes) -> list[list[str]]:
    """The dynamic symbols: type and name of each."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(module)
        file.flush()
        listed = subprocess.run(
            ["nm", "-D", file.name],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    return [line.split()[-2:] for line in listed.splitlines()]


def check(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        information = metadata.rpartition("/")[0]
        missing = {f"{information}/licenses/{name}" for name in LICENSES} - set(names)
        assert not missing, missing
        bill = json.load(io.BytesIO(archive.read(f"{information}/sboms/regcore.cdx.json")))
        modules = {
            Path(name).name.partition(".")[0]: archive.read(name)
            for name in names
            if name.endswith(".so")
        }
        pictures = [name for name in names if name.startswith("regcore/trust/doctor/pictures/")]
        assert len(pictures) > PICTURES, pictures
        sources = [name for name in names if re.search(r"\.(cc|h|pyx|pxd|cpp)$", name)]
    assert set(modules) == MODULES, modules.keys()
    assert not sources, sources
    for name, module in modules.items():
        exported = [symbol for kind, symbol in symbols(module) if kind != "U" and kind not in "wv"]
        assert exported == [f"PyInit_{name}"], (name, exported[:9])
        foreign = [
            symbol for kind, symbol in symbols(module) if "jpeg" in symbol or "XXH" in symbol
        ]
        assert not foreign, (name, foreign)
    inside = {part["name"].partition(" ")[0]: part["version"] for part in bill["components"]}
    assert {"libjpeg-turbo", "xxhash"} <= set(inside), inside
    assert all(re.fullmatch(r"[0-9]+(\.[0-9]+)+", version) for version in inside.values()), inside
    listed = ", ".join(f"{name} {version}" for name, version in inside.items())
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB; inside: {listed}")


def check_sources(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    rooms = {name.partition("/")[0] for name in names if "/" in name}
    assert rooms == {"cmake", "csrc", "docs", "examples", "regcore"}, rooms
    assert {"CMakeLists.txt", "LICENSE", "PKG-INFO", "pyproject.toml"} <= set(names)
    print(f"{sdist.name}: {sdist.stat().st_size / 1e6:.2f} MB, {len(names)} files")


for path in map(Path, sys.argv[1:]):
    if path.name.endswith(".tar.gz"):
        check_sources(path)
    else:
        check(path)

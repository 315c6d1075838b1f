"""What is compared: packages, their pipelines, and how to install them."""

from __future__ import annotations

from dataclasses import dataclass

BOTH = ("memory", "files")
MEMORY = ("memory",)

FLOOR = "libjpeg-turbo full decode, C"
REGCORE = "regcore float32"
REFERENCE = "Pillow + NumPy"
RESIZE = "Pillow resize alone"
DALI = "DALI CPU"
SIMD = "Pillow-SIMD + NumPy"


@dataclass(frozen=True)
class Variant:
    """One pipeline of a package.

    compared: the pipeline whose results are compared with Pillow's; "" where there are none.
    complete: from the file to the normalised batch, not a part of the way.
    all_cores: also measured with all workers.
    """

    label: str
    pipeline: str
    sources: tuple[str, ...]
    compared: str
    complete: bool = True
    all_cores: bool = True


@dataclass(frozen=True)
class Peer:
    """A package, or a few.

    distributions: as pip calls them; at least one must be there. Their versions are noted.
    own_threads: it has worker threads; the others get one process per worker.
    decoder: a function of decoders.py; the version that it finds is noted, too.
    """

    name: str
    install: str
    distributions: tuple[str, ...]
    variants: tuple[Variant, ...]
    own_threads: bool = False
    decoder: str = ""


@dataclass(frozen=True)
class Case:
    """One row: a variant, where the photos come from, and the number of workers."""

    variant: Variant
    source: str
    workers: int


def cases(peer: Peer, workers: int) -> list[Case]:
    """All rows of a peer: one worker, and all of them."""
    return [
        Case(variant, source, count)
        for variant in peer.variants
        for source in variant.sources
        for count in sorted({1, workers if variant.all_cores else 1})
    ]


PEERS = (
    Peer(
        "regcore",
        "pip install .",
        ("regcore",),
        (
            Variant(REGCORE, "regcore_float32", BOTH, "regcore_float32"),
            Variant("regcore uint8", "regcore_uint8", BOTH, "regcore_uint8"),
            Variant(
                "regcore float32, damage ignored", "regcore_ignoring", MEMORY, "regcore_ignoring"
            ),
            Variant("regcore to .bin files", "regcore_bin", ("files",), "regcore_bin_read_back"),
        ),
        own_threads=True,
    ),
    Peer(
        "Pillow",
        "pip install pillow",
        ("pillow",),
        (
            Variant(REFERENCE, "pillow", BOTH, "pillow"),
            Variant(RESIZE, "pillow_resize", MEMORY, "", complete=False, all_cores=False),
        ),
    ),
    Peer(
        "torchvision",
        "pip install torch torchvision",
        ("torch", "torchvision"),
        (Variant("torchvision on Pillow", "torchvision", MEMORY, "torchvision"),),
    ),
    Peer(
        "TorchCodec",
        "pip install torch torchvision torchcodec, see bench/README.md",
        ("torchcodec", "torch", "torchvision"),
        (Variant("TorchCodec + torchvision v2", "torchcodec", MEMORY, "torchcodec"),),
        decoder="libjpeg_turbo",
    ),
    Peer(
        "kornia-rs",
        "pip install kornia-rs",
        ("kornia-rs",),
        (Variant("kornia-rs bicubic", "kornia_rs", MEMORY, "kornia_rs"),),
        decoder="libjpeg_turbo",
    ),
    Peer(
        "OpenCV",
        "pip install opencv-python-headless",
        ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
        (Variant("OpenCV INTER_CUBIC", "opencv", MEMORY, "opencv"),),
    ),
    Peer(
        "simplejpeg",
        "pip install simplejpeg",
        ("simplejpeg",),
        (
            Variant(
                "simplejpeg, decode alone",
                "simplejpeg",
                MEMORY,
                "simplejpeg_then_pillow",
                complete=False,
            ),
        ),
        decoder="libjpeg_turbo",
    ),
    Peer(
        "DALI",
        "pip install nvidia-dali-cuda120",
        ("nvidia-dali-cuda120", "nvidia-dali-cuda130", "nvidia-dali"),
        (Variant(DALI, "dali", BOTH, "dali"),),
        own_threads=True,
    ),
    Peer(
        "SPDL",
        "pip install spdl, and FFmpeg's libraries: apt install ffmpeg",
        ("spdl", "spdl-io"),
        (Variant("SPDL, FFmpeg's bicubic", "spdl", BOTH, "spdl"),),
        own_threads=True,
        decoder="ffmpeg",
    ),
)

#: Replaces Pillow, so that it runs in an interpreter of its own.
PILLOW_SIMD = Peer(
    "Pillow-SIMD",
    "see bench/README.md, then --pillow-simd PYTHON",
    ("pillow-simd",),
    (Variant(SIMD, "pillow", MEMORY, "pillow"),),
)

"""What --require understands, and when it is met."""

from __future__ import annotations

from dataclasses import replace

import pytest

from regcore import UsageError
from regcore.trust.doctor.findings import (
    DeviceFound,
    MachineFound,
    PeerFound,
    Refused,
    RuntimeFound,
    StageFound,
    WayFound,
)
from regcore.trust.doctor.requirements import Required, judge, parse_requirements

EQUAL = StageFound("resize", 9, 9, 90, 0.0, 0.0, 0.0, [], [], [], [], "", None)
OTHER = replace(EQUAL, equal=8, differing=1.0, largest=1.0, mean=0.1, differs=["a.jpg"])


def peer(*stages: StageFound, name: str = "opencv", failure: str = "") -> PeerFound:
    ways = [WayFound(name, list(stages))] if stages else []
    return PeerFound(name, "5.0", [], ways, failure)


def required(text: str, *peers: PeerFound, runtimes: tuple[RuntimeFound, ...] = ()) -> Required:
    (requirement,) = parse_requirements(text)
    return judge(requirement, peers, runtimes, None)


@pytest.mark.parametrize(
    "text",
    [
        "parity:equal",
        "opencv:nothing",
        "cv2",
        "cuda:0",
        "onnxruntime:",
        "machine:equal",
        "pytorch:",
    ],
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError, match="--require"):
        parse_requirements(text)


def test_several_and_none() -> None:
    assert [each.text for each in parse_requirements("parity, opencv:equal,,cuda")] == [
        "parity",
        "opencv:equal",
        "cuda",
    ]
    assert parse_requirements(None) == parse_requirements("") == ()


def test_libraries() -> None:
    assert required("opencv", peer(OTHER)).met
    assert required("opencv:equal", peer(EQUAL)).met
    differs = required("opencv:equal", peer(EQUAL, OTHER))
    assert (differs.met, differs.exit_code) == (False, 5)
    assert "resize (1 picture differs)" in differs.detail
    refused = replace(EQUAL, refused=[Refused("b.png", "no")])
    assert required("opencv:equal", peer(refused)).exit_code == 5
    assert required("opencv:flavour", peer(OTHER)).exit_code == 5
    assert required("opencv:flavour", peer(replace(OTHER, recipe="flavour=opencv"))).met
    # A decode is Pillow's in every flavour.
    assert required("opencv:flavour", peer(replace(OTHER, stage="decode"), EQUAL)).met


def test_regcore_itself() -> None:
    assert required("parity", peer(EQUAL, name="regcore")).met
    assert required("parity", peer(OTHER, name="regcore")).exit_code == 5


@pytest.mark.parametrize("text", ["opencv", "opencv:equal", "opencv:flavour"])
def test_nothing_compared_has_not_passed(text: str) -> None:
    missing = PeerFound("opencv", None, [], [], "")
    nothing = replace(EQUAL, compared=0, equal=0, values=0, refused=[Refused("a.jpg", "no codec")])
    for found in ([], [missing], [peer(failure="crashed by SIGSEGV")], [peer()], [peer(nothing)]):
        told = required(text, *found)
        assert (told.met, told.exit_code) == (False, 4)
        assert told.detail
    assert required(text, peer(nothing)).detail == "opencv resize: no codec"


def test_one_way_of_a_library() -> None:
    ways = [WayFound("torchvision-pil", [EQUAL]), WayFound("torchvision-tensor", [OTHER])]
    found = PeerFound("torchvision", "0.28", [], ways, "")
    assert required("torchvision-pil:equal", found).met
    assert not required("torchvision-tensor:equal", found).met
    assert not required("torchvision:equal", found).met
    assert required("torchvision-gpu", found).exit_code == 4


def test_devices() -> None:
    works = RuntimeFound("pytorch", "2.13", [DeviceFound("cuda", True, "H100")], "")  # noqa: FBT003
    fails = RuntimeFound("onnxruntime", "1.32", [DeviceFound("cuda", False, "no driver")], "")  # noqa: FBT003
    broken = RuntimeFound("openvino", "2026", [], "crashed by SIGSEGV")
    absent = RuntimeFound("ascend", None, [], "")
    assert required("cuda", runtimes=(fails, works)).met
    told = required("cuda", runtimes=(fails,))
    assert (told.exit_code, told.detail) == (4, "onnxruntime cuda: no driver")
    assert required("pytorch:cuda", runtimes=(works,)).met
    assert not required("onnxruntime:cuda", runtimes=(works, fails)).met
    assert required("pytorch", runtimes=(works,)).met
    assert "SIGSEGV" in required("openvino", runtimes=(broken,)).detail
    assert "installed" in required("ascend", runtimes=(absent,)).detail
    assert "no such device" in required("npu", runtimes=(works,)).detail


def test_the_machine() -> None:
    (requirement,) = parse_requirements("machine")
    assert judge(requirement, (), (), MachineFound(["fine"], [])).met
    told = judge(requirement, (), (), MachineFound([], ["slow"]))
    assert (told.met, told.exit_code, told.detail) == (False, 4, "slow")
    assert not judge(requirement, (), (), None).met

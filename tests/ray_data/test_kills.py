"""Twenty random kills of drivers and of the processes of tasks change no byte and no count."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from api.colour_set import ColourSet, make_colour_set
from store_forms import content

from regcore import RegcoreError
from regcore.images.sample_photos import sample_photos

pytestmark = [pytest.mark.usefixtures("cluster"), pytest.mark.slow]

KILLS = 20
IMAGES = 800
#: Of kills, those of the driver; it takes seconds to start again.
DRIVERS = 0.2
PATIENCE = 150.0  # s


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> ColourSet:
    """Real photos again and again, under many names, one of which is no photo."""
    try:
        paths, _ = sample_photos()
    except RegcoreError as error:
        pytest.skip(str(error))
    made = make_colour_set(tmp_path_factory.mktemp("kills"))
    for path in made.photos.iterdir():
        path.unlink()
    for i in range(IMAGES):
        (made.photos / f"{i:04}.JPEG").symlink_to(paths[i % len(paths)])
    (made.photos / "0777.JPEG").unlink()
    (made.photos / "0777.JPEG").write_bytes(b"no photo")
    made.labels.write_text("".join(f"{i:04}.JPEG {i % 3}\n" for i in range(IMAGES)))
    return made


def task_processes() -> list[int]:
    """The processes of tasks of Ray that descend from this one."""
    parents, tasks = {}, []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            pid = int(folder.name)
            parents[pid] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if (folder / "cmdline").read_bytes().startswith((b"ray::_make", b"ray::_run")):
                tasks.append(pid)
    return [pid for pid in tasks if os.getpid() in ancestors(pid, parents)]


def ancestors(pid: int, parents: dict[int, int]) -> Iterator[int]:
    while (pid := parents.get(pid, 0)) > 0:
        yield pid


def start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "regcore", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def until_done(command: list[str], chance: random.Random, kills: int) -> int:
    """Runs a command again and again until it ends by itself; returns how many kills there were."""
    done, end = 0, time.monotonic() + PATIENCE
    while time.monotonic() < end:
        driver = start(command)
        while driver.poll() is None and done < kills:
            time.sleep(chance.uniform(0.02, 0.2))
            if tasks := task_processes():
                victim = driver.pid if chance.random() < DRIVERS else chance.choice(tasks)
                with suppress(ProcessLookupError):
                    os.kill(victim, signal.SIGKILL)
                    done += 1
        _, said = driver.communicate()
        if driver.returncode != -signal.SIGKILL:
            assert driver.returncode == 3, said.decode()
            return done
    pytest.fail("it came to no end")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_driver_in_order(
    photos: ColourSet, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    import ray

    address = ray.get_runtime_context().gcs_address
    end = time.monotonic() + PATIENCE
    while task_processes() and time.monotonic() < end:  # of drivers that were killed
        time.sleep(0.01)
    driver = start(
        [
            *("run", str(photos.model), str(photos.photos), "--labels", str(photos.labels)),
            *("--out", str(tmp_path / "out"), "--ray", address, "--workers", "1"),
        ]
    )
    while driver.poll() is None and not task_processes():
        time.sleep(0.01)
    driver.send_signal(number)
    _, said = driver.communicate(timeout=60)
    assert driver.returncode == code, said.decode()
    assert b"the same command goes on" in said
    assert (tmp_path / "out" / "result.incomplete.json").exists()


@pytest.mark.parametrize("job", ["preprocess", "packs", "run", "url"])
def test_kills_change_nothing(photos: ColourSet, tmp_path: Path, job: str) -> None:
    import ray

    address = ray.get_runtime_context().gcs_address
    prepare = ["preprocess", str(photos.photos), "OUT", "--recipe", "regnety_016"]
    command = {
        "preprocess": [*prepare, "--dtype", "uint8"],
        "url": [*prepare, "--dtype", "uint8"],
        "packs": [*prepare, "--dtype", "uint8", "--pack", "16", "--pack-bytes", "10000000"],
        "run": [
            *("run", str(photos.model), str(photos.photos), "--labels", str(photos.labels)),
            *("--out", "OUT"),
        ],
    }[job]
    alone = start([part.replace("OUT", str(tmp_path / "alone")) for part in command])
    assert alone.wait() == 3, alone.stderr
    wanted = made(tmp_path / "alone")
    chance, done, turn = random.Random(7), 0, 0  # noqa: S311
    while done < KILLS // 4:
        out = tmp_path / f"killed-{turn}"
        place = f"file://{out}" if job == "url" else str(out)
        turned = [part.replace("OUT", place) for part in command]
        turned += ["--ray", address, "--workers", "1"]
        done += until_done(turned, chance, KILLS // 4 - done)
        assert made(out) == wanted
        turn += 1


def made(folder: Path) -> dict[str, bytes]:
    """All of a store, or what a run's result and predictions are."""
    files = content(folder)
    if "manifest.json" in files:
        return files
    return {name: files[name] for name in ("result.incomplete.json", "predictions.csv")}

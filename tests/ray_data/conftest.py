"""One small local Ray for all of these tests, which are skipped where it is not installed."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from oracles import jpeg, photo_like

CPUS = 3
COUNT = 23


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("ray")
            # Ray warns of itself, and leaves the sockets and pipes of its processes open.
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session")
def cluster() -> Iterator[None]:
    """Ray on this machine, with the CPUs of three, however many there are."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs the package ray (pip install 'regcore[ray]')")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AUTH_MODE", "disabled")
    import ray
    import ray.data

    # What a test gives to Ray is imported anew by its workers.
    os.environ["PYTHONPATH"] = str(Path(__file__).parents[1])
    ray.init(
        num_cpus=CPUS,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        object_store_memory=200 << 20,
    )
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    yield
    ray.shutdown()


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Small JPEGs of several sizes, and one that is none."""
    folder = tmp_path_factory.mktemp("photos")
    paths = [folder / f"{i:02}.jpg" for i in range(COUNT)]
    for i, path in enumerate(paths):
        path.write_bytes(jpeg(photo_like(50 + i, 60 - i, i)))
    paths[BAD].write_bytes(b"no photo")
    return list(map(str, paths))


#: The place of the photo that is none.
BAD = 7

"""A node that is lost in the middle of a store, in a cluster of two nodes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from store_forms import RECIPE, content

from regcore import Preprocessor
from regcore.sources.spelling import open_source
from regcore.store.writer import write_store

pytestmark = pytest.mark.slow

#: Makes a store of the images in its first argument in its second, and kills a node meanwhile.
DRIVER = """
import logging, sys
import ray
from ray.cluster_utils import Cluster
from store_forms import RECIPE
from regcore.ray import write_store

checks = {"health_check_period_ms": 500, "health_check_failure_threshold": 4}
head = {"num_cpus": 1, "include_dashboard": False, "_system_config": checks}
cluster = Cluster(initialize_head=True, head_node_args=head)
other = cluster.add_node(num_cpus=1)
ray.init(cluster.address, log_to_driver=False, logging_level=logging.ERROR)
cluster.wait_for_nodes()
alive = lambda: sum(node["Alive"] for node in ray.nodes())
lost = []

def lose(done, failed):
    if done and not lost:
        lost.append(alive())
        cluster.remove_node(other, allow_graceful=False)

write_store(sys.argv[1], sys.argv[2], RECIPE, shards=12, workers=1, progress=lose)
print("one lost of", *lost)
ray.shutdown()
cluster.shutdown()
"""


def test_its_portions_are_made_again(photos: list[str], tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs pip install 'regcore[ray]'")
    folder = Path(photos[0]).parent
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(folder), str(tmp_path / "made")],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={
            **os.environ,
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "RAY_AUTH_MODE": "disabled",
            "RAY_USAGE_STATS_ENABLED": "0",
        },
    )
    assert done.returncode == 0, done.stderr
    assert "one lost of 2\n" in done.stdout  # to which Ray itself prints, too
    source = open_source(folder)
    write_store(Preprocessor(RECIPE), source, source.names, tmp_path / "alone")
    assert content(tmp_path / "made") == content(tmp_path / "alone")

"""regcore in Ray: images prepared in actors, stores, and TopN in which every image counts once.

    import ray
    import regcore.ray as rr

    photos = ray.data.from_items([{"path": path} for path in paths])
    images = photos.map_batches(
        rr.Preprocess, fn_constructor_kwargs={"recipe": recipe}, **rr.resources(workers=8)
    )

Needs Ray (pip install 'regcore[ray]'), save for Preprocess, which takes batches of columns from
whatever engine has them.
"""

from regcore.ray.cluster import resources as resources
from regcore.ray.counting import Counted as Counted
from regcore.ray.counting import topn as topn
from regcore.ray.evaluation import run as run
from regcore.ray.preprocess import Preprocess as Preprocess
from regcore.ray.store import ClusterMaker as ClusterMaker
from regcore.ray.store import write_store as write_store

__all__ = ["ClusterMaker", "Counted", "Preprocess", "resources", "run", "topn", "write_store"]

"""regcore for torch: a Dataset, a loader, and top-k that gives tensors.

    from regcore import Recipe
    from regcore.torch import ImageLoader

    for images, targets in ImageLoader(paths, labels, Recipe.from_timm(model), 64, device="cuda"):
        ...

Needs torch (pip install 'regcore[export]').
"""

from regcore.torch.dataset import ImageDataset as ImageDataset
from regcore.torch.dataset import collate as collate
from regcore.torch.loader import ImageLoader as ImageLoader
from regcore.torch.scores import ranks as ranks
from regcore.torch.scores import topk as topk

__all__ = ["ImageDataset", "ImageLoader", "collate", "ranks", "topk"]

"""torchmetrics and regcore count the same scores: what agrees, and where ties are decided.

    pip install 'regcore[demo]' torchmetrics
    python examples/torchmetrics_topk.py

torchmetrics ranks with torch.topk, which may give any of several equal scores first. regcore ranks
by the lowest class, on every machine, and says for how many images that mattered.
"""

import torch
from torchmetrics.classification import MulticlassAccuracy

from regcore import Preprocessor, Recipe, TopN, topk
from regcore.demo import MODEL, demo_network
from regcore.images.sample_photos import sample_photos

RANKS = (1, 5)

paths, labels = sample_photos()
images = Preprocessor(Recipe.preset(MODEL))(paths)
with torch.inference_mode():
    scores = demo_network()(torch.from_numpy(images))
targets = torch.from_numpy(labels)

topn = TopN(max(RANKS))
topn.update(scores, targets)
for rank in RANKS:
    theirs = MulticlassAccuracy(num_classes=scores.shape[1], top_k=rank, average="micro")
    theirs.update(scores, targets)
    ours = topn.accuracy(rank)
    print(f"Top{rank}: torchmetrics {100 * theirs.compute():.2f} %, regcore {100 * ours:.2f} %")
print(f"{topn.tied} images with equal scores that matter")

# The classes themselves go into any metric that takes labels.
_, best = topk(scores, 1)
metric = MulticlassAccuracy(num_classes=scores.shape[1], average="micro")
metric.update(torch.from_numpy(best[:, 0]), targets)
print(f"Top1 of regcore's classes by torchmetrics: {100 * metric.compute():.2f} %")

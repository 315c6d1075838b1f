"""An evaluation loop in torch: regcore prepares the batches and counts, torch computes.

    pip install 'regcore[demo]'
    python examples/torch_evaluator.py

The twenty photos and the model are the demo's; put your own paths, labels and module in their
place. The recipe is timm's own for the model: `Recipe.from_timm("resnet50.a1_in1k")`.
"""

import torch

from regcore import Preprocessor, Recipe, TopN
from regcore.demo import MODEL, demo_network
from regcore.images.sample_photos import sample_photos

BATCH = 8

paths, labels = sample_photos()
network = demo_network()
preprocessor = Preprocessor(Recipe.preset(MODEL))

topn = TopN(5)
with torch.inference_mode(), preprocessor.stream(paths, BATCH) as batches:
    for batch in batches:
        # A batch is a view into the stream's memory until the next one is asked for: what outlives
        # it, such as work on a GPU, needs a copy (`.to("cuda")` is one).
        scores = network(torch.from_numpy(batch.images))
        topn.update(scores, labels[batch.indices])

top1, top5 = 100 * topn.accuracy(1), 100 * topn.accuracy(5)
print(f"{topn.count} images, Top1 {top1:.2f} %, Top5 {top5:.2f} %")

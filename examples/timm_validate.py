"""timm's validation loop with one import changed: regcore prepares what its loader would.

    pip install 'regcore[demo]'
    python examples/timm_validate.py

In timm's own validate.py the same line does it: `from regcore.timm import create_loader` in place
of `from timm.data import create_loader`. The batches are the same, bit for bit.
"""

import torch
from timm.data import resolve_data_config
from timm.utils import AverageMeter, accuracy

from regcore import Recipe
from regcore.demo import MODEL, demo_network
from regcore.images.sample_photos import sample_photos
from regcore.timm import create_loader
from regcore.torch import ImageDataset

paths, labels = sample_photos()
# Or what timm.data.create_dataset makes of a folder, or torchvision's ImageFolder.
dataset = ImageDataset(paths, labels, Recipe.preset(MODEL))

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
model = demo_network().to(device)
data_config = resolve_data_config({}, model=model)
loader = create_loader(
    dataset,
    input_size=data_config["input_size"],
    batch_size=8,
    interpolation=data_config["interpolation"],
    mean=data_config["mean"],
    std=data_config["std"],
    crop_pct=data_config["crop_pct"],
    crop_mode=data_config["crop_mode"],
    num_workers=4,
    device=device,
)

losses, top1, top5 = AverageMeter(), AverageMeter(), AverageMeter()
criterion = torch.nn.CrossEntropyLoss().to(device)
with torch.no_grad():
    for images, target in loader:
        output = model(images)
        acc1, acc5 = accuracy(output, target, topk=(1, 5))
        losses.update(criterion(output, target).item(), images.size(0))
        top1.update(acc1.item(), images.size(0))
        top5.update(acc5.item(), images.size(0))
print(f"{top1.count} images, Acc@1 {top1.avg:.2f}, Acc@5 {top5.avg:.2f}, loss {losses.avg:.3f}")

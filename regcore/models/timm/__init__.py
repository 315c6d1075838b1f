"""timm's architectures, pretrained tags and weights."""

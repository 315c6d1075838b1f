"""timm's models become ONNX files, whose scores are then those of the original."""

"""ONNX models become .om files, by Ascend's atc."""

"""ONNX Runtime, the backend that is always there."""

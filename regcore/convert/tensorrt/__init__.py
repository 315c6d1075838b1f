"""ONNX models become TensorRT engines, by its Python package or by trtexec."""

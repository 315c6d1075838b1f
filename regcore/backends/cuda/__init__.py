"""The CUDA runtime, for every backend that gives it memory or streams."""

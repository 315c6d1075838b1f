"""OpenVINO: the CPUs of Intel and AMD, and Intel's GPUs and NPUs."""

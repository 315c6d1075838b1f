"""What bounds the throughput of a model on this host and device."""

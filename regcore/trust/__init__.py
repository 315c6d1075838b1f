"""Tools that judge a machine, a tensor, a model's batches, labels, or a port: each a room."""

"""Which recipe made a tensor from these photos: found bit by bit, or not at all."""

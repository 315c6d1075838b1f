"""Whether an image has the same scores in every slot, at every batch size, beside any others."""

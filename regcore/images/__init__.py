"""Photos become batches of pixels, by a recipe."""

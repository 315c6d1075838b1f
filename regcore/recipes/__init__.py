"""What becomes of every image: the recipe, and how to read one from where a model comes from."""

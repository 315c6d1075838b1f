"""Where the images of an inference come from."""

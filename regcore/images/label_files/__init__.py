"""Files that say which class an image shows: one reader for each form that people keep them in."""

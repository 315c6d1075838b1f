"""Images that quantisation tools calibrate with: a folder, what it says of itself, and readers."""

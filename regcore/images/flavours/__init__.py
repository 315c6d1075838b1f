"""The libraries whose pixels a recipe may ask for, beside the core's own."""

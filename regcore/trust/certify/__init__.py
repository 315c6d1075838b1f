"""A port certified against its reference by as few images as its question needs."""

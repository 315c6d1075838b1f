"""Stores on file systems that fsspec opens, such as buckets of object stores."""

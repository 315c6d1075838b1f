"""Where images are kept: files, archives, tables and databases, here or behind a URL."""

"""Vendors' names that regcore uses, and that its emulators offer, against the real packages."""

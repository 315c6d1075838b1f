"""Runtimes and devices that execute a model, behind one protocol."""

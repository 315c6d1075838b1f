"""A made-up device, for tests and for measurements of the host."""

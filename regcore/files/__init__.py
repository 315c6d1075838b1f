"""Files from outside and files for outside: bounded reading, durable writing."""

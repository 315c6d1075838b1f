"""The files of other tools, one room for each, with its reader and its writer."""

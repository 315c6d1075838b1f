import os
from array import array

def index_tar(
    path: str | os.PathLike[str],
) -> tuple[list[str], array[int], array[int], str, str]: ...

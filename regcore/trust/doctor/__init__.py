"""Whether the libraries that are installed here give Pillow's pixels, and where models run.

    peers/       one file for each library that decodes or resizes
    runtimes/    one file for each runtime of models: what it can run on here
    machine/     processors, limits of containers, disks
    pictures/    what every decoder gets; tests/trust/doctor_pictures.py made it

`examination.py` compares one peer with `reference.py`, in a process of its own (`children.py`).
"""

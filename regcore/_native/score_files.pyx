# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""The binding of files of scores: checks arguments, releases the GIL, reports failures."""

import os

from libcpp cimport bool as cbool
from libcpp.memory cimport unique_ptr
from libcpp.string cimport string
from libcpp.vector cimport vector
from posix.unistd cimport getpid

from regcore._native.status cimport Status, check


cdef extern from "score_files/score_reader.h" namespace "regcore" nogil:
    cdef cppclass ScoreFile:
        ScoreFile()
        string path
        cbool text
        string header

    cdef cppclass ScoreFileResult:
        Status status
        cbool more

    cdef cppclass ScoreReader:
        ScoreReader(size_t, size_t) except +
        Status Read(const vector[ScoreFile]&, size_t, float*, vector[ScoreFileResult]*) except +


cdef extern from "score_files/score_writer.h" namespace "regcore" nogil:
    cdef enum class ScoreForm:
        kText
        kRaw

    cdef cppclass ScoreWriter:
        ScoreWriter(size_t, ScoreForm) except +
        Status Write(const vector[string]&, const float*, size_t) except +


cdef class Reader:
    """Threads that read files of scores into arrays; one call at a time."""

    cdef unique_ptr[ScoreReader] reader
    cdef int owner

    def __cinit__(self, size_t workers, size_t max_file_bytes):
        self.owner = getpid()
        self.reader.reset(new ScoreReader(workers, max_file_bytes))

    def read(self, files, float[:, ::1] out not None):
        """files: (path, None) of a text file, or (path, what stands before the raw values).

        Returns the failures, (index, message), and the indices of text files that go on after
        their first line. The rows of failed files hold anything.
        """
        cdef vector[ScoreFile] listed
        cdef ScoreFile file
        cdef vector[ScoreFileResult] results
        cdef Status status
        cdef size_t classes = out.shape[1]
        cdef size_t i
        for path, header in files:
            file = ScoreFile()
            file.path = os.fsencode(path)
            file.text = header is None
            if header is not None:
                file.header = header
            listed.push_back(file)
        if listed.size() != <size_t>out.shape[0] or classes == 0:
            raise ValueError("out needs a row of scores for each file")
        if listed.empty():
            return [], []
        with nogil:
            status = self.reader.get().Read(listed, classes, &out[0, 0], &results)
        check(status)
        errors = []
        longer = []
        for i in range(results.size()):
            if not results[i].status.ok():
                errors.append((i, results[i].status.message().decode("utf-8", "replace")))
            elif results[i].more:
                longer.append(i)
        return errors, longer

    def __dealloc__(self):
        if self.owner != getpid():  # a forked child: there are no threads to join
            self.reader.release()
        with nogil:
            self.reader.reset()


cdef class Writer:
    """Threads that write rows of scores as files, text or raw; one call at a time."""

    cdef unique_ptr[ScoreWriter] writer
    cdef int owner

    def __cinit__(self, size_t workers, bint text):
        self.owner = getpid()
        self.writer.reset(new ScoreWriter(workers, ScoreForm.kText if text else ScoreForm.kRaw))

    def write(self, paths, const float[:, ::1] scores not None):
        """Row i becomes the file paths[i]."""
        cdef vector[string] encoded
        cdef Status status
        cdef size_t classes = scores.shape[1]
        for path in paths:
            encoded.push_back(os.fsencode(path))
        if encoded.size() != <size_t>scores.shape[0] or classes == 0:
            raise ValueError("a path is needed for each row of scores")
        if encoded.empty():
            return
        with nogil:
            status = self.writer.get().Write(encoded, &scores[0, 0], classes)
        check(status)

    def __dealloc__(self):
        if self.owner != getpid():  # a forked child: there are no threads to join
            self.writer.release()
        with nogil:
            self.writer.reset()

"""What can go wrong, as exceptions that carry the cause and the exit code of the command line."""

from __future__ import annotations


def first_line(error: Exception) -> str:
    """What an error of another package says first, or its class where it says nothing."""
    return str(error).strip().split("\n", 1)[0] or type(error).__name__


class RegcoreError(Exception):
    """Base of all errors that regcore raises on purpose; the message is one line for the user."""

    exit_code = 4


class FlavourWarning(UserWarning):
    """Another version of a library is installed than a recipe's flavour was tried with."""


class UsageError(RegcoreError):
    """The request contradicts itself or names something unknown."""

    exit_code = 2


class DatasetError(RegcoreError):
    """Files or labels are missing, doubled or unreadable."""

    exit_code = 3


class LabelError(DatasetError):
    """A label names no class of the model."""


class DecodeError(RegcoreError):
    """One image could not be turned into pixels.

    `path` names the image (its path, or its place in the list for bytes and arrays), `detail` has
    the decoder's or the operating system's own words, `index` is its place in the list.
    """

    exit_code = 3

    def __init__(self, path: str, detail: str, index: int = 0) -> None:
        super().__init__(path, detail, index)
        self.path = path
        self.detail = detail
        self.index = index

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}"


class OutputError(RegcoreError):
    """The operating system refuses to write: the disk is full, or the folder is read-only."""

    exit_code = 4


class MismatchError(RegcoreError):
    """Stored values are not what their recipe and sources give."""

    exit_code = 5


class ScoreFileError(DatasetError):
    """The scores of one image cannot be had: `path` names the file, `detail` says why."""

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(path, detail)
        self.path = path
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}"


#: The older name, which programs may catch.
PredictionError = ScoreFileError


class BackendError(RegcoreError):
    """The model or the runtime that executes it is missing, unfit or failed."""

    exit_code = 4


class ScoreOutputError(BackendError):
    """Which output of a model has the scores is not clear.

    `detail` says why, `outputs` lists those that there are, `option` is what chooses one.
    """

    def __init__(self, detail: str, outputs: str, option: str = "--output") -> None:
        super().__init__(detail, outputs, option)
        self.detail = detail
        self.outputs = outputs
        self.option = option

    def __str__(self) -> str:
        return f"{self.detail}; name one of the model's outputs by {self.option}: {self.outputs}"


class ModelRecordError(BackendError):
    """What a model says of itself, inside or in the record beside it, is damaged or senseless."""

    exit_code = 3


class DeviceHungError(BackendError):
    """The device does not answer any more, so that it cannot be closed either."""


class LogError(RegcoreError):
    """The log of another tool is cut short, or does not say what it should: `line`, from 1."""

    exit_code = 3

    def __init__(self, path: str, line: int, detail: str) -> None:
        super().__init__(path, line, detail)
        self.path = path
        self.line = line
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.detail}"

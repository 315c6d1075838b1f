"""What an error of another library says, in one line."""

from __future__ import annotations

_LONGEST = 160


def failure_text(error: BaseException) -> str:
    """Its first sentence, or that of its cause, where libraries tell which file they miss."""
    return _sentence(error.__cause__ or error)


def _sentence(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if text.endswith(":") and len(lines) > 1:  # a heading
        text += f" {lines[1]}"
    sentence = text.partition(". ")[0]
    return sentence if len(sentence) <= _LONGEST else f"{sentence[: _LONGEST - 3]}..."

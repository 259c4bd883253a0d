"""A program that the caller gives as text, as bytes, or as the path of a file."""

from __future__ import annotations

import os
from os import PathLike
from pathlib import Path

import msgspec

from qsession_core.errors import ConversionError, LimitExceededError, ProgramTextError
from qsession_core.sources.languages import ORDER_MARKS, Language, language_of, text_of

__all__ = ["SUFFIXES", "Source", "path_of", "source_of"]

# A one-line text that ends so is a path
SUFFIXES = (".qasm", ".qasm2", ".qasm3", ".ll", ".bc", ".qir", ".quil", ".json", ".qpy", ".qs")
_LONGEST_PATH = 4096


class Source(msgspec.Struct, frozen=True):
    """A program as it was given.

    Attributes:
        data: Its bytes; text is in UTF-8, without a byte order mark.
        language: The language it is in; None if that is not known.
        path: The file that it was read from; None if it was given itself.
    """

    data: bytes
    language: Language | None
    path: Path | None = None

    @property
    def name(self) -> str:
        """The name of its file without folder and suffix; empty if it was given itself."""
        return self.path.stem if self.path is not None else ""

    @property
    def text(self) -> str:
        """Its text; empty if it is no text."""
        return text_of(self.data) or ""


def source_of(given: str | bytes | PathLike[str], *, most_bytes: int | None = None) -> Source:
    """Look at a program: read its file if a path is given, and recognize its language.

    A text is a path if it is one line, is no program of a known language, and names a file or ends as files of programs
    do (:data:`SUFFIXES`). ``~`` is the user's own folder.

    Args:
        given: The text, the bytes, or the path.
        most_bytes: A longer file is not read; None for no limit.

    Raises:
        ConversionError: The file is not there or cannot be read, or is longer.
    """
    path = path_of(given)
    if path is not None:
        data = _read(path, most_bytes)
    else:
        data = given.encode("utf-8", "surrogatepass") if isinstance(given, str) else bytes(given)  # type: ignore[arg-type]
    if data.startswith(tuple(mark for mark, _ in ORDER_MARKS)):
        data = (text_of(data) or "").encode() or data
    return Source(data, language_of(data), path)


def path_of(given: object) -> Path | None:
    """Return the path that a program is given by; None if it is given itself."""
    if isinstance(given, PathLike):
        return Path(os.fspath(given)).expanduser()
    if not isinstance(given, str) or "\n" in given or "\0" in given or not given.strip() or len(given) > _LONGEST_PATH:
        return None
    line = given.strip()
    if language_of(line.encode("utf-8", "surrogatepass")) is not None:
        return None
    try:
        path = Path(line).expanduser()
        return path if line.lower().endswith(SUFFIXES) or path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _read(path: Path, most_bytes: int | None) -> bytes:
    """Return the bytes of a file.

    Raises:
        ProgramTextError: It is not there, or cannot be read.
        LimitExceededError: It is too long.
    """
    try:
        if not path.is_file():  # a folder, or a device without an end
            there = "is no file" if path.exists() else f"is not there; the working folder is {Path.cwd()}"
            raise ProgramTextError(f"The program {str(path)!r} {there}.")
        size = path.stat().st_size
        if most_bytes is not None and size > most_bytes:
            raise LimitExceededError(
                f"The file {str(path)!r} has {size} bytes; at most {most_bytes} can be sent. Split the program.",
                what="bytes",
                asked=size,
                limit=most_bytes,
            )
        return path.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        if isinstance(error, ConversionError):
            raise
        raise ProgramTextError(f"The program {str(path)!r} cannot be read: {error}.") from error

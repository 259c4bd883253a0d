"""A ``TypeError`` for unknown keywords that names similar ones."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["near", "strict_keywords", "unknown_keywords"]

# Words of several SDKs for one thing; those of ours first
_SHOTS = ("shots", "repetitions", "count", "num_shots", "n_shots", "nshots", "runs", "samples", "num_samples")

P = ParamSpec("P")
R = TypeVar("R")


def near(name: str, names: Iterable[str]) -> str:
    """Return a sentence with the similar names, or with all names if none is similar.

    >>> near("shotz", ["shots", "name"])
    "Did you mean 'shots'?"
    >>> near("count", ["circuit", "shots"])
    "Did you mean 'shots'?"
    """
    names = sorted(names)
    if name.lower() in _SHOTS:
        meant = next((other for other in _SHOTS if other in names and other != name), None)
        if meant is not None:
            return f"Did you mean {meant!r}?"
    import difflib

    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if close:
        return "Did you mean " + " or ".join(map(repr, close)) + "?"
    return "There are: " + ", ".join(names) + "."


def unknown_keywords(function: str, given: Iterable[str], names: Iterable[str]) -> TypeError:
    """Return the error for keywords that a function does not have."""
    names = list(names)
    sentences = [f"{function}() has no keyword {name!r}. {near(name, names)}" for name in given]
    return TypeError(" ".join(sentences))


def strict_keywords(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function check its keywords with :func:`unknown_keywords`."""
    names = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY} and name not in {"self", "cls"}
    ]
    known = frozenset(names)

    @functools.wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        unknown = [name for name in kwargs if name not in known]
        if unknown:
            raise unknown_keywords(function.__name__, unknown, names)
        return function(*args, **kwargs)

    return checked

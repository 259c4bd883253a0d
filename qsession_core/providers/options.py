"""What a job's ``inputParams`` may hold, as rows, and the check of what a caller writes into them.

A misspelt option is worse than a refused one: the service takes it without a word, and the job runs without it.

>>> noise = Option("the noise", dict, members={"model": Option("its name", str, ("ideal", "aria-1"))})
>>> list(problems({"noise": {"model": "aria1"}}, {"noise": noise}))
["input_params['noise']['model'] is 'aria1'; there are: aria-1, ideal. Did you mean 'aria-1'?"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConfigurationError
from qsession_core.keywords import near

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMMON", "DEFAULT_SHOTS", "SHOT_NAMES", "Option", "plain_params", "problems", "programs_in", "shots_in"]

DEFAULT_SHOTS = 500  # as every backend of the official client
# How many shots: the service's own word, the older one of Rigetti's and of QIR's documentation, and Pasqal's
SHOT_NAMES = ("shots", "count", "runs")


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a job.

    Attributes:
        meaning: What it is, in a few words.
        kind: The type of its value: ``bool``, ``int``, ``float`` (any number), ``str``, ``list`` or ``dict``; None for
            any.
        values: The only values that are known; empty for any.
        members: For a dict: its members by name; None for any.
        each: For a list: what each of its members is; None for any.
    """

    meaning: str
    kind: type | None = None
    values: tuple[object, ...] = ()
    members: Mapping[str, Option] | None = None
    each: Option | None = None


_ITEM = {"entryPoint": Option("the function to run", str), "arguments": Option("its arguments", list)}
# At every provider: what the service and QIR define
COMMON: Mapping[str, Option] = {
    **dict.fromkeys(("shots", "count"), Option("how often the program runs")),  # submitting/checks.py checks it
    **_ITEM,
    "items": Option("the programs of a job that has several", list, each=Option("one of them", dict, members=_ITEM)),
    "target_profile": Option("the QIR profile", str),
    "targetCapability": Option("the older word for the QIR profile", str),
}

_CALLED = {bool: "true or false", int: "a whole number", float: "a number", str: "text", list: "a list", dict: "a dict"}


def problems(
    given: Mapping[str, Any], options: Mapping[str, Option], *, allow_unknown: bool = False, path: str = "input_params"
) -> Iterator[str]:
    """Yield a sentence for each option that is unknown or has a value that it cannot have.

    Args:
        given: What the caller wrote.
        options: What there is.
        allow_unknown: Let names and values through that no row knows; types are checked all the same.
        path: How the caller calls ``given``.
    """
    for name, value in given.items():
        option = options.get(name)
        if option is not None:
            yield from _value_problems(f"{path}[{name!r}]", value, option, allow_unknown=allow_unknown)
        elif not allow_unknown:
            yield f"{path} has no option {name!r}. {_near(str(name), options)} {_LET_THROUGH}"


def _near(name: str, options: Mapping[str, Option]) -> str:
    """Return a sentence with a similar option; if there is none, with one that is a member of another."""
    import difflib

    inside = {member: outer for outer, option in options.items() for member in option.members or ()}
    if not difflib.get_close_matches(name, options, cutoff=0.5):
        for member in difflib.get_close_matches(name, inside, n=1, cutoff=0.5):
            return f"Did you mean {{{inside[member]!r}: {{{member!r}: ...}}}}?"
    return near(name, options)


_LET_THROUGH = "If the provider has it, pass allow_unknown=True."


def _value_problems(path: str, value: object, option: Option, *, allow_unknown: bool) -> Iterator[str]:
    if value is None:
        return  # as if it was not given
    if option.kind is not None and not _is_of(value, option.kind):
        yield f"{path} is {value!r}; it must be {_CALLED[option.kind]}: {option.meaning}."
    elif option.values and value not in option.values and not allow_unknown:
        there = ", ".join(sorted(map(str, option.values)))
        yield f"{path} is {value!r}; there are: {there}. {near(str(value), map(str, option.values))}"
    elif isinstance(value, Mapping) and option.members is not None:
        yield from problems(value, option.members, allow_unknown=allow_unknown, path=path)
    elif isinstance(value, list) and option.each is not None:
        for place, member in enumerate(value):
            yield from _value_problems(f"{path}[{place}]", member, option.each, allow_unknown=allow_unknown)


def _is_of(value: object, kind: type) -> bool:
    """Whether a value is of a kind, as JSON has them: true is no number, and a number may be whole."""
    if kind is dict:
        return isinstance(value, Mapping)
    if kind is list:
        return isinstance(value, list | tuple)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def plain_params(given: object) -> dict[str, Any]:
    """Return a caller's ``inputParams`` with Python's numbers for numpy's, which JSON does not know.

    Raises:
        ConfigurationError: They are no mapping, or nested too deeply.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigurationError(f"input_params is {given!r}; pass a dict, such as {{'count': 100}}.")
    try:
        return {name: _plain(value) for name, value in given.items()}
    except RecursionError as error:
        raise ConfigurationError("input_params cannot be written as JSON: it is nested too deeply.") from error


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    listed = getattr(value, "tolist", None)  # of numpy's scalars and arrays
    return listed() if callable(listed) else value


def shots_in(params: Mapping[str, Any]) -> list[object]:
    """Return every number of shots that ``inputParams`` name, by any of its words."""
    return [params[name] for name in SHOT_NAMES if params.get(name) is not None]


def programs_in(params: Mapping[str, Any]) -> int:
    """Return how often ``inputParams`` let the shots run: once for each item, and for each set of substitutions."""
    items = params.get("items")
    substitutions = params.get("substitutions")
    sets = max(map(_length, substitutions.values()), default=1) if isinstance(substitutions, Mapping) else 1
    return max(1, _length(items)) * max(1, sets)


def _length(value: object) -> int:
    return len(value) if isinstance(value, list | tuple) else 0

"""Says whether a regular expression may take more than linear time, by its structure.

Python's matcher tries again from every place where a repetition could have ended. So time grows with the square of the
text (or faster) where two repetitions without a bound can share a text: the end of the one is then the beginning of
the other in as many ways as the text is long. This holds too for a repetition within another one, and for a search
that begins with one.

Characters are looked at as the 128 of ASCII, and one for each kind of the others: letters, digits, spaces, the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from re import _constants as kind  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

__all__ = ["may_take_more_than_linear_time"]

_LETTER, _NUMERAL, _BLANK, _REST = range(128, 132)
_OTHERS = frozenset({_LETTER, _NUMERAL, _BLANK, _REST})
_EVERY = frozenset(range(132))
_SPACE = frozenset(map(ord, " \t\n\r\f\v\x1c\x1d\x1e\x1f")) | {_BLANK}
_DIGIT = frozenset(map(ord, "0123456789")) | {_NUMERAL}
_WORD = frozenset(place for place in range(128) if chr(place).isalnum() or place == ord("_")) | {_LETTER, _NUMERAL}
_CATEGORIES = {
    kind.CATEGORY_SPACE: _SPACE, kind.CATEGORY_NOT_SPACE: _EVERY - _SPACE,
    kind.CATEGORY_DIGIT: _DIGIT, kind.CATEGORY_NOT_DIGIT: _EVERY - _DIGIT,
    kind.CATEGORY_WORD: _WORD, kind.CATEGORY_NOT_WORD: _EVERY - _WORD,
}  # fmt: skip
_REPEATS = (kind.MAX_REPEAT, kind.MIN_REPEAT, kind.POSSESSIVE_REPEAT)


@dataclass(frozen=True)
class _Part:
    """A piece of a pattern.

    Attributes:
        characters: Those that it may match.
        is_endless: It has no bound.
        is_optional: It may match nothing.
        is_in_option: It belongs to a group that may be left out.
        is_possessive: It gives nothing back, once it has matched.
    """

    characters: frozenset[int]
    is_endless: bool = False
    is_optional: bool = False
    is_in_option: bool = False
    is_possessive: bool = False


def may_take_more_than_linear_time(pattern: re.Pattern[Any], *, is_searched: bool = False) -> bool:
    """Say whether two repetitions of a pattern can share a text.

    Args:
        pattern: What is looked for.
        is_searched: It may begin anywhere in a text, as if a repetition of everything stood before it.
    """
    parsed = _parser.parse(pattern.pattern, pattern.flags)
    has_end = any(op is kind.AT and argument is not kind.AT_BEGINNING for op, argument in parsed)
    if is_searched and not (len(parsed) and parsed[0][0] is kind.AT):
        return any(
            _is_ambiguous([_Part(_EVERY, is_endless=True), *way], has_end=has_end)
            for way in _ways(parsed, pattern.flags)
        )
    return any(_is_ambiguous(way, has_end=True) for way in _ways(parsed, pattern.flags))


def _is_ambiguous(way: list[_Part], *, has_end: bool) -> bool:
    for first, one in enumerate(way):
        if not one.is_endless or one.is_possessive:
            continue
        for second in range(first + 1, len(way)):
            other = way[second]
            if other.is_endless and _share(way, first, second) and _can_fail(way, second, has_end=has_end):
                return True
            # what must stand between the two has to be something that the first can match as well
            if not other.is_optional and not one.characters & other.characters:
                break
    return False


def _share(way: list[_Part], first: int, second: int) -> bool:
    """Say whether two repetitions can share a text, with what must stand between them in it.

    Where the second cannot match something that must stand between, it ends at the next place where that stands.
    """
    needed = [part.characters for part in way[first + 1 : second] if not part.is_optional]
    other = way[second].characters
    return bool(way[first].characters & other) and all(characters & other for characters in needed)


def _can_fail(way: list[_Part], place: int, *, has_end: bool) -> bool:
    """Say whether something behind a part can make the match fail."""
    behind = way[place + 1 :]
    return any(not (part.is_optional or part.is_in_option) for part in behind) or (
        has_end and (bool(behind) or way[place].characters != _EVERY)
    )


def _ways(parsed: Any, flags: int) -> list[list[_Part]]:
    """Return the sequences of parts that a pattern can be, one for each choice between alternatives."""
    ways: list[list[_Part]] = [[]]
    for op, argument in parsed:
        ways = [way + following for way in ways for following in _of(op, argument, flags)]
        assert len(ways) < 10_000
    return ways


def _of(op: Any, argument: Any, flags: int) -> list[list[_Part]]:
    if op is kind.ASSERT and argument[0] < 0:  # what stands before has to be there
        return _ways(argument[1], flags)
    if op in {kind.AT, kind.ASSERT, kind.ASSERT_NOT}:
        return [[]]
    if op is kind.SUBPATTERN:
        return _ways(argument[3], flags)
    if op is kind.BRANCH:
        return [way for branch in argument[1] for way in _ways(branch, flags)]
    if op in _REPEATS:
        lowest, highest, body = argument
        ways = _repeated(_ways(body, flags), lowest, is_endless=highest is kind.MAXREPEAT)
        if op is kind.POSSESSIVE_REPEAT:
            return [[replace(part, is_possessive=True) for part in way] for way in ways]
        return ways
    if op is kind.ATOMIC_GROUP:
        return [[replace(part, is_possessive=True) for part in way] for way in _ways(argument, flags)]
    if op is kind.GROUPREF:
        return [[_Part(_EVERY)]]
    return [[_Part(_characters(op, argument, flags))]]


def _repeated(bodies: list[list[_Part]], lowest: int, *, is_endless: bool) -> list[list[_Part]]:
    if is_endless and all(len(body) == 1 and not body[0].is_endless for body in bodies):
        characters = frozenset().union(*(body[0].characters for body in bodies))
        return [[_Part(characters, is_endless=True, is_optional=lowest == 0)]]
    ways = list(bodies)
    if is_endless:  # once more behind itself shows what shares a text; a fixed body repeats in one way
        ways = [one + other for one in bodies for other in bodies]
        every = frozenset().union(*(part.characters for body in bodies for part in body))
        if not any(part.is_endless for body in bodies for part in body):
            return [[_Part(every, is_endless=True, is_optional=lowest == 0)]]
    if lowest:
        return ways
    return [*([replace(part, is_in_option=True) for part in way] for way in ways), []]


def _characters(op: Any, argument: Any, flags: int) -> frozenset[int]:
    if op is kind.ANY:
        return _EVERY if flags & re.DOTALL else _EVERY - {10}
    if op is kind.LITERAL:
        return _literal(argument, flags)
    if op is kind.NOT_LITERAL:
        return _EVERY - {argument} | _OTHERS
    assert op is kind.IN, op
    found: frozenset[int] = frozenset()
    is_negated = False
    for inner, value in argument:
        if inner is kind.NEGATE:
            is_negated = True
        elif inner is kind.CATEGORY:
            found |= _CATEGORIES[value]
        elif inner is kind.RANGE:
            found |= frozenset().union(*(_literal(place, flags) for place in range(value[0], min(value[1], 128) + 1)))
        else:
            found |= _literal(value, flags)
    return _EVERY - found if is_negated else found


def _literal(code: int, flags: int) -> frozenset[int]:
    if code > 127:
        return _OTHERS
    letter = chr(code)
    return frozenset(map(ord, {letter.lower(), letter.upper()})) if flags & re.IGNORECASE else frozenset({code})

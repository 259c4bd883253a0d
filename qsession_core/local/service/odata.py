"""Reads ``filter`` and ``orderby``, and turns them into SQL.

.. code-block:: text

    filter     = or ;  or = and {"or" and} ;  and = not {"and" not} ;  not = "not" not | part
    part       = "(" or ")" | "startswith" "(" property "," string ")" | property operator value
    operator   = "eq" | "ne" | "ge" | "gt" | "le" | "lt"
    value      = string | date | moment
    orderby    = property ["asc" | "desc"] {"," property ["asc" | "desc"]}

Strings stand in single quotes, a quote within is doubled (OData 4.01, part 2). Dates are ``2026-01-31``, read as its
midnight in UTC; moments are RFC 3339. Property names, words and the values of enumerations ignore case; names do not.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from qsession_core.clock import microseconds
from qsession_core.local.replies import Refusal

__all__ = ["Where", "order_by", "where"]

_COLUMNS = {
    "name": "name", "itemtype": "item_type", "jobtype": "job_type", "providerid": "provider_id", "target": "target",
    "state": "state", "creationtime": "created",
}  # fmt: skip
_OPERATORS = {"eq": "=", "ne": "<>", "ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
# What sessions do not have stands before all values
_NULLS = {"ASC": " NULLS FIRST", "DESC": " NULLS LAST"}
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^']|'')*')"
    r"|(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+(?:Z|[+ -][0-9]{2}:[0-9]{2})?)?)"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<sign>[(),]))"
)
# Of brackets in a filter; and of those that are left in SQL, where SQLite takes some thirty
_MAX_DEPTH, _MAX_SQL_DEPTH = 50, 24
_MAX_LENGTH = 8192


class Where(NamedTuple):
    """A condition in SQL, with the values for its question marks, and how many brackets stand in each other."""

    sql: str
    values: tuple[object, ...]
    depth: int = 0


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


class _Reader:
    """Reads one text by recursive descent; a refusal names the position."""

    def __init__(self, text: str, parameter: str) -> None:
        self._parameter = parameter
        if len(text) > _MAX_LENGTH:
            raise self.refusal("the text is too long", 0)
        self._tokens: list[_Token] = []
        position = 0
        end = len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None:
                rest = text[position:].lstrip()
                raise self.refusal(f"unexpected {rest[:10]!r}", len(text) - len(rest))
            kind = found.lastgroup or ""
            self._tokens.append(_Token(kind, found[kind], found.start(kind)))
            position = found.end()
        self._tokens.append(_Token("end", "the end", end))
        self._next = 0

    def refusal(self, problem: str, position: int) -> Refusal:
        return Refusal(400, "InvalidQueryParameter", f"{self._parameter}: {problem} at position {position}.")

    @property
    def here(self) -> _Token:
        return self._tokens[self._next]

    def take(self) -> _Token:
        token = self.here
        if token.kind != "end":
            self._next += 1
        return token

    def takes_word(self, *words: str) -> bool:
        if self.here.kind == "word" and self.here.text.lower() in words:
            self._next += 1
            return True
        return False

    def expect(self, kind: str, text: str = "") -> _Token:
        token = self.take()
        if token.kind != kind or (text and token.text != text):
            wanted = repr(text) if text else f"a {kind}"
            raise self.refusal(f"expected {wanted}, found {token.text!r}", token.position)
        return token

    def column(self) -> str:
        token = self.expect("word")
        column = _COLUMNS.get(token.text.lower())
        if column is None:
            raise self.refusal(f"no property {token.text!r}", token.position)
        return column

    # A "not" is carried down to the comparisons, where it needs no brackets of its own.

    def disjunction(self, depth: int = 0, *, is_negated: bool = False) -> Where:
        if depth > _MAX_DEPTH:
            raise self.refusal("nested too deeply", self.here.position)
        parts = [self.conjunction(depth, is_negated=is_negated)]
        while self.takes_word("or"):
            parts.append(self.conjunction(depth, is_negated=is_negated))
        return _joined(parts, " AND " if is_negated else " OR ")

    def conjunction(self, depth: int, *, is_negated: bool) -> Where:
        parts = [self.negation(depth, is_negated=is_negated)]
        while self.takes_word("and"):
            parts.append(self.negation(depth, is_negated=is_negated))
        return _joined(parts, " OR " if is_negated else " AND ")

    def negation(self, depth: int, *, is_negated: bool) -> Where:
        while self.takes_word("not"):
            is_negated = not is_negated
        if self.here.kind == "sign" and self.here.text == "(":
            self.take()
            inner = self.disjunction(depth + 1, is_negated=is_negated)
            self.expect("sign", ")")
            return inner
        found = self.part()
        # a property that an item does not have is NULL, and NOT NULL is not true in SQL
        return Where(f"NOT coalesce({found.sql}, false)", found.values) if is_negated else found

    def part(self) -> Where:
        if not self.takes_word("startswith"):
            return self.comparison()
        self.expect("sign", "(")
        column = self.column()
        if column == "created":
            raise self.refusal("startswith takes no time", self.here.position)
        self.expect("sign", ",")
        prefix = _unquoted(self.expect("string").text)
        self.expect("sign", ")")
        return Where(f"substr({column}, 1, ?) = ?", (len(prefix), prefix))

    def comparison(self) -> Where:
        column = self.column()
        token = self.expect("word")
        operator = _OPERATORS.get(token.text.lower())
        if operator is None:
            raise self.refusal(f"no operator {token.text!r}", token.position)
        if column == "created":
            return Where(f"created {operator} ?", (self.time(),))
        value = _unquoted(self.expect("string").text)
        if column == "name":
            return Where(f"name {operator} ?", (value,))
        return Where(f"lower({column}) {operator} lower(?)", (value,))

    def time(self) -> int:
        token = self.take()
        text = _unquoted(token.text) if token.kind == "string" else token.text
        # Python reads six fractional digits; the service writes seven
        text = re.sub(r"(\.\d{6})\d+", r"\1", text).replace(" ", "+")  # a plus that was not encoded came as a blank
        try:
            moment = datetime.fromisoformat(text)
        except ValueError as error:
            raise self.refusal(f"{token.text!r} is not a date or time", token.position) from error
        try:
            return microseconds(moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC))
        except OverflowError as error:
            raise self.refusal(f"{token.text!r} is not a date or time", token.position) from error


def _joined(parts: list[Where], word: str) -> Where:
    if len(parts) == 1:
        return parts[0]
    return Where(
        "(" + word.join(part.sql for part in parts) + ")",
        tuple(value for part in parts for value in part.values),
        1 + max(part.depth for part in parts),
    )


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def where(text: str) -> Where:
    """Return the condition that a ``filter`` means.

    >>> where("startswith(Name, 'Job') and (State eq 'failed' or State eq 'Cancelled')").values
    (3, 'Job', 'failed', 'Cancelled')

    Raises:
        Refusal: 400, saying where the grammar is broken.
    """
    reader = _Reader(text, "filter")
    condition = reader.disjunction()
    reader.expect("end")
    if condition.depth > _MAX_SQL_DEPTH:
        raise reader.refusal("nested too deeply", 0)
    return condition


def order_by(text: str) -> str:
    """Return the ORDER BY terms that an ``orderby`` means; ties are broken by order of creation.

    >>> order_by("Name desc")
    'name DESC, sequence DESC'

    Raises:
        Refusal: 400, saying where the grammar is broken.
    """
    reader = _Reader(text, "orderby")
    terms: list[str] = []
    direction = "ASC"
    while True:
        column = reader.column()
        direction = "DESC" if reader.takes_word("desc") else "ASC"
        if direction == "ASC":
            reader.takes_word("asc")
        if all(term.split()[0] != column for term in terms):  # a second term of the same property changes nothing
            terms.append(f"{column} {direction}{_NULLS[direction] if column == 'job_type' else ''}")
        if reader.here.kind != "sign" or reader.here.text != ",":
            break
        reader.take()
    reader.expect("end")
    return ", ".join([*terms, f"sequence {direction}"])

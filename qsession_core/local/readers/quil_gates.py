"""Quil's gates: the standard ones, definitions by matrix or permutation, modifiers, and the expressions in them.

Source: the Quil specification (github.com/quil-lang/quil), sections "Gates" and "Arithmetic expressions".
"""

from __future__ import annotations

import ast
import cmath
import math
import operator
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from qsession_core.gates.words import GATES, controlled, gate_named
from qsession_core.local.readers.angles import split_at_commas
from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from qsession_core.local.readers.allowance import Allowance
    from qsession_core.local.readers.circuit import Operation

__all__ = ["Gates", "bad", "number"]

_WORDS = {
    "I": "id", "X": "x", "Y": "y", "Z": "z", "H": "h", "S": "s", "T": "t", "RX": "rx", "RY": "ry", "RZ": "rz",
    "PHASE": "p", "CNOT": "cx", "CZ": "cz", "CPHASE": "cp", "SWAP": "swap", "ISWAP": "iswap", "CCNOT": "ccx",
    "CSWAP": "cswap",
}  # fmt: skip
# Gates without a word: parameters, rows of their matrices
_MATRICES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "XY": (("t",), ("1,0,0,0", "0,cos(t/2),i*sin(t/2),0", "0,i*sin(t/2),cos(t/2),0", "0,0,0,1")),
    "PSWAP": (("t",), ("1,0,0,0", "0,0,cis(t),0", "0,cis(t),0,0", "0,0,0,1")),
    "SQISW": ((), ("1,0,0,0", "0,1/sqrt(2),i/sqrt(2),0", "0,i/sqrt(2),1/sqrt(2),0", "0,0,0,1")),
    "CPHASE00": (("t",), ("cis(t),0,0,0", "0,1,0,0", "0,0,1,0", "0,0,0,1")),
    "CPHASE01": (("t",), ("1,0,0,0", "0,cis(t),0,0", "0,0,1,0", "0,0,0,1")),
    "CPHASE10": (("t",), ("1,0,0,0", "0,1,0,0", "0,0,cis(t),0", "0,0,0,1")),
}
_INVERSES = {"s": "sdg", "t": "tdg", **{word: word for word in ("id", "x", "y", "z", "h", "cx", "cz", "swap", "ccx")}}
_DEFGATE = re.compile(r"DEFGATE\s+([\w-]+)(?:\s*\(([^()]*)\))?((?:\s[\w\s-]*)?):")
_TERM = re.compile(r"([IXYZ]+)\s*\((.*)\)([\w\s]+)")
_TWO: dict[type[ast.operator], Callable[[complex, complex], complex]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}  # fmt: skip
_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "sin": cmath.sin, "cos": cmath.cos, "exp": cmath.exp, "sqrt": cmath.sqrt, "cis": lambda x: cmath.exp(1j * x),
}  # fmt: skip
_CONSTANTS = {"pi": math.pi, "i": 1j}
_NAME = re.compile(r"(?<![\w.])%?([A-Za-z_](?:[\w-]*\w)?)(\[\d+\])?")
_IMAGINARY = re.compile(r"(?<=[\d.])i\b")
_KINDS = frozenset({"MATRIX", "PERMUTATION", "PAULI-SUM"})
# Letters of Paulis, a coefficient, the places of the qubits that they act on
_Term = tuple[str, str, list[int]]
_MAX_LENGTH = 1_000
_MAX_QUBITS = 8  # a dense matrix of 2^8
_TOLERANCE = 1e-6
# Adding so many elements of a sum of Paulis takes as long as making an operation
_ELEMENTS_OF_A_SUM = 64
# Reading so many letters of a matrix takes as long as making an operation
_LETTERS = 2


def bad(problem: str) -> JobFailure:
    """Return the failure of a job whose Quil cannot be taken."""
    return JobFailure("InvalidInputData", f"rigetti.quil.v1: {problem}.")


def number(text: str, names: Mapping[str, complex]) -> complex:
    """Return the value of an expression.

    >>> number("-%theta/2 + 2^-1", {"theta": 1.0}), number("cis(pi)*i", {}).imag
    (0j, -1.0)

    Raises:
        JobFailure: It is not an expression, or has no finite value.
    """
    try:
        value = complex(_value(*_parsed(text), names))
    except (ValueError, SyntaxError, TypeError, KeyError, ArithmeticError, RecursionError, MemoryError) as error:
        raise bad(f"{text[:60]!r} is not an expression of what is known") from error
    if not cmath.isfinite(value):
        raise bad(f"{text[:60]!r} has no finite value")
    return value


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[ast.expr, list[str]]:
    """Return an expression, and the names in it; name n stands as ``_n``."""
    if len(text) > _MAX_LENGTH:
        raise ValueError("too long")
    names: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        names.append(found[1] + (found[2] or ""))
        return f"(_{len(names) - 1})"  # so that what stands beside it does not become part of it

    replaced = _NAME.sub(numbered, _IMAGINARY.sub("*i", text.strip()).replace("^", "**"))
    return ast.parse(replaced, mode="eval").body, names


def _value(node: ast.expr, texts: list[str], names: Mapping[str, complex]) -> complex:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)  # powers of Python's integers have no bound
        case ast.Name(id=name):
            text = texts[int(name[1:])]
            return names[text] if text in names else _CONSTANTS[text]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return -_value(inner, texts, names)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _value(inner, texts, names)
        case ast.BinOp(left=left, op=op, right=right):
            return _TWO[type(op)](_value(left, texts, names), _value(right, texts, names))
        case ast.Call(func=ast.Name(id=name), args=[inner], keywords=[]):
            return _FUNCTIONS[texts[int(name[1:])].lower()](_value(inner, texts, names))
    raise ValueError("not understood")


class Gates:
    """The gates that a program can apply.

    Args:
        allowance: What the program may still expand to.
    """

    def __init__(self, allowance: Allowance) -> None:
        self._allowance = allowance
        self._defined = dict(_MATRICES)
        self._sums: dict[str, tuple[list[_Term], int]] = {}
        self._matrices: dict[tuple[str, tuple[float, ...]], Any] = {}

    def define(self, head: str, body: list[str]) -> None:
        """Take a definition; its matrix is computed where it is applied, because it may have parameters."""
        found = _DEFGATE.fullmatch(head)
        words = found[3].split() if found else []
        *qubits, word, kind = words if len(words) > 1 else ("AS", "MATRIX") if not words else ("", "")
        if found is None or word != "AS" or kind not in _KINDS or (qubits and kind != "PAULI-SUM"):
            raise bad(f"{head[:60]!r} is not understood by the local workspace")
        parameters = tuple(part.strip().removeprefix("%") for part in (found[2] or "").split(",") if part.strip())
        self._matrices.clear()
        self._sums.pop(found[1], None)
        if kind == "PAULI-SUM":
            self._defined[found[1]] = (parameters, ())
            self._sums[found[1]] = ([_term(line, qubits) for line in body], len(qubits))
            return
        if kind == "PERMUTATION":
            places = [part.strip() for part in ",".join(body).split(",")]
            if len(places) > 1 << _MAX_QUBITS:
                raise bad(f"{head[:60]!r} is of more than {_MAX_QUBITS} qubits")
            if sorted(places) != sorted(map(str, range(len(places)))):
                raise bad(f"{head[:60]!r} is not a permutation")
            body = [",".join("1" if place == str(column) else "0" for column in range(len(places))) for place in places]
        self._defined[found[1]] = (parameters, tuple(body))

    def applied(self, modifiers: list[str], name: str, angles: list[complex], qubits: tuple[int, ...]) -> Operation:
        """Return a gate on qubits; modifiers stand as they are written, the one nearest to the gate last."""
        if len(set(qubits)) != len(qubits):
            raise bad(f"{name} uses a qubit twice")
        if any(abs(angle.imag) > _TOLERANCE for angle in angles):
            raise bad(f"{name} is called with an angle that is not real")
        values = tuple(angle.real for angle in angles)
        if "FORKED" in modifiers:
            return ("matrix", qubits, (self._forked(modifiers, name, values, len(qubits)),))
        word = _WORDS.get(name) if name not in self._defined else None
        matrix: Any = None if word else self._matrix(name, values)
        width = GATES[word].num_qubits if word else len(matrix).bit_length() - 1
        if width + modifiers.count("CONTROLLED") != len(qubits):
            raise bad(f"{name} has the wrong qubits or angles")
        for modifier in reversed(modifiers):
            if word is not None and modifier == "CONTROLLED":
                word = controlled(word, 1)
            elif word is not None and not values and word in _INVERSES:
                word = _INVERSES[word]
            elif word is not None and values:
                values = tuple(-value for value in values)
            else:
                self._allowance.spend_matrix(len(qubits), is_computed=False)
                matrix = gate_named(word).matrix(*values) if word is not None else matrix
                word, matrix = None, _modified(modifier, matrix)
        if word is not None:
            known = GATES.get(word) or gate_named(word)
            if (len(qubits), len(values)) != (known.num_qubits, known.num_params):
                raise bad(f"{name} has the wrong qubits or angles")
            return (word, qubits, values)
        return ("matrix", qubits, (matrix,))

    def _forked(self, modifiers: list[str], name: str, values: tuple[float, ...], num_qubits: int) -> Any:
        """Return the matrix of a gate that a control gives one half of its parameters or the other."""
        count = len(values) >> modifiers.count("FORKED")
        if not count or count << modifiers.count("FORKED") != len(values):
            raise bad(f"FORKED {name} needs twice as many parameters as {name} for each FORKED")
        width = len(self._plain(name, values[:count])).bit_length() - 1
        if width + sum(modifier != "DAGGER" for modifier in modifiers) != num_qubits:
            raise bad(f"{name} has the wrong qubits or angles")
        self._allowance.spend_matrix(num_qubits, is_computed=False)
        return self._branched(modifiers, name, values)

    def _branched(self, modifiers: list[str], name: str, values: tuple[float, ...]) -> Any:
        import numpy as np

        if not modifiers:
            return self._plain(name, values)
        modifier, *others = modifiers
        if modifier != "FORKED":
            return _modified(modifier, self._branched(others, name, values))
        half = len(values) // 2
        zero, one = (self._branched(others, name, part) for part in (values[:half], values[half:]))
        size = len(zero)
        matrix = np.zeros((2 * size, 2 * size), dtype=np.complex128)
        matrix[:size, :size], matrix[size:, size:] = zero, one
        return matrix

    def _plain(self, name: str, values: tuple[float, ...]) -> Any:
        """Return the matrix of a gate without modifiers."""
        word = _WORDS.get(name) if name not in self._defined else None
        if word is None:
            return self._matrix(name, values)
        if len(values) != GATES[word].num_params:
            raise bad(f"{name} has the wrong qubits or angles")
        return gate_named(word).matrix(*values)

    def _matrix(self, name: str, values: tuple[float, ...]) -> Any:
        """Return the matrix of a gate without a word; equal ones are computed once."""
        known = self._matrices.get((name, values))
        if known is None:
            known = self._matrices[name, values] = self._computed(name, values)
        return known

    def _computed(self, name: str, values: tuple[float, ...]) -> Any:
        import numpy as np

        defined = self._defined.get(name)
        if defined is None:
            raise bad(f"the gate {name} is not understood by the local workspace")
        parameters, rows = defined
        if len(values) != len(parameters):
            raise bad(f"{name} has the wrong qubits or angles")
        names = dict(zip(parameters, values, strict=True))
        if name in self._sums:
            terms, width = self._sums[name]
            self._allowance.spend_matrix(width, is_computed=True)
            self._allowance.spend(len(terms) * (1 + (1 << width) // _ELEMENTS_OF_A_SUM))
            return _exponential([(letters, number(text, names), places) for letters, text, places in terms], width)
        size = len(rows)
        texts = [split_at_commas(row) for row in rows]
        if size & (size - 1) or not 1 < size <= 1 << _MAX_QUBITS or any(len(row) != size for row in texts):
            raise bad(f"the matrix of {name} is not of 1 to {_MAX_QUBITS} qubits")
        self._allowance.spend_matrix(size.bit_length() - 1, is_computed=False)
        self._allowance.spend(sum(map(len, rows)) // _LETTERS)
        entries = [[number(text, names) for text in row] for row in texts]
        matrix = np.array(entries, dtype=np.complex128)
        if not np.allclose(matrix @ matrix.conj().T, np.eye(size), atol=_TOLERANCE):
            raise bad(f"the matrix of {name} is not unitary")
        return matrix


def _term(line: str, qubits: list[str]) -> _Term:
    """Return a term of a sum of Paulis: letters, coefficient, the places of its qubits."""
    found = _TERM.fullmatch(line)
    named = found[3].split() if found else []
    if found is None or len(named) != len(found[1]) or len(set(named)) != len(named) or not set(named) <= set(qubits):
        raise bad(f"{line[:60]!r} is not a term of Paulis on the gate's qubits")
    return found[1], found[2], [qubits.index(name) for name in named]


def _exponential(terms: list[tuple[str, complex, list[int]]], num_qubits: int) -> Any:
    """Return exp(-i H) of a sum H of Paulis; the first qubit is the highest bit."""
    import numpy as np

    size = 1 << num_qubits
    columns = np.arange(size)
    energy = np.zeros((size, size), dtype=np.complex128)
    for letters, coefficient, places in terms:
        if abs(coefficient.imag) > _TOLERANCE:
            raise bad(f"the coefficient {coefficient} of {letters} is not real")
        flips, factors = 0, np.full(size, coefficient.real, dtype=np.complex128)
        for letter, place in zip(letters, places, strict=True):
            bit = columns >> (num_qubits - 1 - place) & 1
            if letter in "XY":
                flips |= 1 << (num_qubits - 1 - place)
            if letter in "YZ":
                factors *= (1 - 2 * bit) * (1j if letter == "Y" else 1)
        energy[columns ^ flips, columns] += factors
    values, vectors = np.linalg.eigh(energy)
    return (vectors * np.exp(-1j * values)) @ vectors.conj().T


def _modified(modifier: str, matrix: Any) -> Any:
    import numpy as np

    whole = np.asarray(matrix)
    if modifier == "DAGGER":
        return whole.conj().T
    size = len(whole)
    larger = np.eye(2 * size, dtype=np.complex128)
    larger[size:, size:] = whole
    return larger

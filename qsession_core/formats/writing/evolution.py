"""The operation ``pauliexp`` in gates, for formats without evolutions."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from qsession_core.program import Operation

__all__ = ["checked", "evolution"]

_ROTATION = {"X": "rx", "Y": "ry", "Z": "rz"}
_PAIR_ROTATION = {"X": "rxx", "Y": "ryy", "Z": "rzz"}
# letter -> gates that change its basis to that of Z, and back
_INTO_Z = {"X": ("h",), "Y": ("sdg", "h"), "Z": ()}
_BACK = {"X": ("h",), "Y": ("h", "s"), "Z": ()}


def checked(qubits: tuple[int, ...], params: tuple[Any, ...]) -> tuple[tuple[str, ...], tuple[float, ...], Any]:
    """Return an evolution's terms, coefficients and time.

    Raises:
        ValueError: They do not fit together; the message says how.
    """
    terms, coefficients, time = params
    if len(terms) != len(coefficients):
        raise ValueError(f"it has {len(terms)} terms and {len(coefficients)} coefficients")
    for term in terms:
        if len(term) != len(qubits) or set(term) - set("IXYZ"):
            raise ValueError(f"the term {term!r} is not {len(qubits)} letters of I, X, Y and Z, one for each qubit")
    if any(complex(coefficient).imag for coefficient in coefficients):
        raise ValueError("a coefficient is not real")
    return tuple(terms), tuple(float(complex(coefficient).real) for coefficient in coefficients), time


def evolution(qubits: tuple[int, ...], params: tuple[Any, ...]) -> Iterator[Operation]:
    """Write exp(-i time sum(coefficient * term)) in gates, exactly up to a global phase.

    >>> list(evolution((3, 5), (("ZZ", "IX"), (0.5, 1.0), 0.25)))
    Traceback (most recent call last):
    ValueError: its terms 'ZZ' and 'IX' do not commute, so it is not a product of their evolutions; write it in steps \
(Trotter) in the circuit, or send it as ionq.circuit.v1
    >>> list(evolution((3, 5), (("ZZ", "IZ"), (0.5, 1.0), 0.25)))
    [('rzz', (3, 5), (0.25,)), ('rz', (3,), (0.5,))]

    Args:
        qubits: The qubits; the last letter of a term acts on the first of them.
        params: (terms, coefficients, time); the time may be an :class:`~qsession_core.program.Angle`.

    Raises:
        ValueError: The terms do not commute with each other, or the parameters do not fit.
    """
    terms, coefficients, time = checked(qubits, params)
    for one, other in itertools.combinations(terms, 2):
        if sum(a != b and "I" not in a + b for a, b in zip(one, other, strict=True)) % 2:
            raise ValueError(
                f"its terms {one!r} and {other!r} do not commute, so it is not a product of their evolutions; "
                "write it in steps (Trotter) in the circuit, or send it as ionq.circuit.v1"
            )
    for term, coefficient in zip(terms, coefficients, strict=True):
        letters = [(letter, qubit) for letter, qubit in zip(reversed(term), qubits, strict=True) if letter != "I"]
        if letters:  # a term of identities is a global phase
            yield from _term(letters, time * (2 * coefficient))


def _term(letters: Sequence[tuple[str, int]], angle: Any) -> Iterator[Operation]:
    """Write a rotation about one product of Pauli matrices."""
    places = tuple(qubit for _, qubit in letters)
    kinds = {letter for letter, _ in letters}
    if len(letters) == 1:
        yield _ROTATION[letters[0][0]], places, (angle,)
        return
    if len(letters) == 2 and len(kinds) == 1:  # noqa: PLR2004 - two-qubit rotations are gate words
        yield _PAIR_ROTATION[letters[0][0]], places, (angle,)
        return
    for letter, qubit in letters:
        for word in _INTO_Z[letter]:
            yield word, (qubit,), ()
    ladder = list(itertools.pairwise(places))
    for pair in ladder:
        yield "cx", pair, ()
    yield "rz", places[-1:], (angle,)
    for pair in reversed(ladder):
        yield "cx", pair, ()
    for letter, qubit in letters:
        for word in _BACK[letter]:
            yield word, (qubit,), ()

"""The gates of OpenQASM 2: words, Qiskit's and Quantinuum's libraries, and definitions of a program's own.

A definition is read once, and may use only what is defined before it; so definitions cannot run in a circle, and how
many gates one expands to is known before it is expanded. Source: the libraries ``qelib1.inc`` (Qiskit's) and
``hqslib1.inc`` (Quantinuum's).
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from qsession_core.gates.words import GATES, controlled, gate_named
from qsession_core.local.readers.angles import angle, split_at_commas
from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.local.readers.circuit import Operation

__all__ = ["Gates", "bad", "parts_of"]

# Names of the libraries -> gate words
_ALIASES = {
    "U": "u", "u3": "u", "u1": "p", "CX": "cx", "cu1": "cp", "cnot": "cx", "Rz": "rz", "RZZ": "rzz", "Rx": "rx",
    "Ry": "ry", "Rxxyyzz": "rxxyyzz", "c3x": controlled("x", 3), "c4x": controlled("x", 4),
    "c3sqrtx": controlled("sx", 3),
}  # fmt: skip
_LIBRARY = """
gate u0(gamma) q { id q; }
gate u2(phi,lambda) q { u(pi/2,phi,lambda) q; }
gate cu3(theta,phi,lambda) c,q { cu(theta,phi,lambda,0) c,q; }
gate rccx a,b,c { h c; t c; cx b,c; tdg c; cx a,c; t c; cx b,c; tdg c; h c; }
gate rc3x a,b,c,d { h d; t d; cx c,d; tdg d; h d; cx a,d; t d; cx b,d; tdg d; cx a,d; t d; cx b,d; tdg d; h d; t d;
  cx c,d; tdg d; h d; }
gate rcccx a,b,c,d { rc3x a,b,c,d; }
gate ZZ a,b { rzz(pi/2) a,b; }
gate U1q(theta,phi) q { u(theta,phi-pi/2,pi/2-phi) q; }
"""
_HEAD = re.compile(r"(gate|opaque)\s+(\w+)\s*(?:\(([^()]*)\)\s*)?(.*)", re.DOTALL)
_APPLY = re.compile(r"(\w+)\s*(?:\((.*)\)\s*|\s)(\S.*)", re.DOTALL)
# Reading so many letters of an angle takes as long as making an operation
_LETTERS = 16


def bad(problem: str) -> JobFailure:
    """Return the failure of a job whose OpenQASM cannot be taken."""
    return JobFailure("InvalidInputData", f"honeywell.openqasm.v1: {problem}.")


class _Step(msgspec.Struct, frozen=True):
    """One gate within a definition: its name, what that means, its angles as text, its qubits by position."""

    name: str
    meaning: _Definition | None
    angles: list[str]
    places: list[int]

    @property
    def size(self) -> int:
        """What it takes to expand, in operations."""
        return sum(map(len, self.angles)) // _LETTERS + (1 if self.meaning is None else self.meaning.size)


class _Definition(msgspec.Struct, frozen=True):
    parameters: list[str]
    num_qubits: int
    steps: list[_Step] | None  # None for an opaque gate
    size: int  # what it takes to expand, in operations


# Two gates are other ones in Quantinuum's library: without a phase on the control, and with the inverse root
_QUANTINUUM = {
    "cu3": _Definition(
        ["theta", "phi", "lambda"], 2, [_Step("cu", None, ["theta", "phi", "lambda", "-(phi+lambda)/2"], [0, 1])], 2
    ),
    "c3sqrtx": _Definition([], 4, [_Step(controlled("sxdg", 3), None, [], [0, 1, 2, 3])], 2),
}


@cache
def _library(text: str) -> dict[str, _Definition]:
    gates = Gates({})
    for definition in text.split("}")[:-1]:
        gates.define(*map(str.strip, definition.split("{")))
    return gates.definitions


class Gates:
    """The gates that a program can apply; those of the libraries to begin with."""

    def __init__(self, definitions: Mapping[str, _Definition] | None = None) -> None:
        self.definitions = dict(_library(_LIBRARY) if definitions is None else definitions)
        self._own: set[str] = set()

    def include(self, name: str) -> None:
        """Take the gates of a library by the name of its file; both libraries have nearly the same ones."""
        if name == "hqslib1.inc":
            self.definitions.update(_QUANTINUUM)

    def define(self, head: str, body: str | None) -> None:
        """Take a definition, or an opaque gate, whose body is None."""
        found = _HEAD.fullmatch(head)
        if found is None or (found[1] == "opaque") is not (body is None):
            raise bad(f"{head[:60]!r} is not a definition")
        name, parameters, qubits = found[2], split_at_commas(found[3] or ""), split_at_commas(found[4])
        if name in self._own or len(set(qubits)) != len(qubits) or not qubits:
            raise bad(f"the definition of {name} is the second one, or has no qubits of its own")
        self._own.add(name)
        steps = None if body is None else self._steps(name, dict.fromkeys(parameters, 0.5), qubits, body)
        size = 1 + sum(step.size for step in steps or ())
        self.definitions[name] = _Definition(parameters, len(qubits), steps, size)

    def _steps(self, name: str, parameters: dict[str, float], qubits: list[str], body: str) -> list[_Step]:
        places = {qubit: place for place, qubit in enumerate(qubits)}
        steps = []
        for text in filter(None, map(str.strip, body.split(";"))):
            inner, angles, names = parts_of(text)
            if inner == "barrier":
                continue
            unknown = [qubit for qubit in names if qubit not in places]
            if unknown:
                raise bad(f"{name} uses the qubit {unknown[0][:40]!r}, which it does not have")
            self._check(inner, len(angles), [places[qubit] for qubit in names])
            for text_of_angle in angles:
                angle(text_of_angle, parameters)
            steps.append(_Step(inner, self.definitions.get(inner), angles, [places[qubit] for qubit in names]))
        return steps

    def _check(self, name: str, num_angles: int, qubits: Sequence[int]) -> None:
        """Check that a gate is there and takes so many angles and qubits."""
        definition = self.definitions.get(name)
        if definition is not None:
            expected = (definition.num_qubits, len(definition.parameters))
        else:
            word = _ALIASES.get(name, name)
            known = gate_named(word) if word in GATES or name in _ALIASES else None
            if known is None:
                raise bad(f"there is no gate {name[:40]}")
            expected = (known.num_qubits, known.num_params)
        if (len(qubits), num_angles) != expected:
            raise bad(f"{name} takes {expected[0]} qubits and {expected[1]} angles")
        if len(set(qubits)) != len(qubits):
            raise bad(f"{name} uses a qubit twice")

    def size_of(self, name: str) -> int:
        """Return what a gate expands to, in operations; the caller takes them from its allowance first."""
        definition = self.definitions.get(name)
        return 1 if definition is None else definition.size

    def applied(self, name: str, angles: list[float], qubits: list[int]) -> list[Operation]:
        """Return the operations of a gate on qubits.

        Raises:
            JobFailure: There is no such gate, or it is opaque.
        """
        self._check(name, len(angles), qubits)
        whole = self.definitions.get(name)
        operations: list[Operation] = []
        stack = [(name, whole, angles, qubits)]
        while stack:
            name, definition, angles, qubits = stack.pop()
            if definition is None:
                operations.append((_ALIASES.get(name, name), tuple(qubits), tuple(angles)))
                continue
            if definition.steps is None:
                raise bad(f"the gate {name} is opaque: nothing says what it does")
            names = dict(zip(definition.parameters, angles, strict=True))
            for step in reversed(definition.steps):
                values = [angle(text, names) for text in step.angles]
                stack.append((step.name, step.meaning, values, [qubits[place] for place in step.places]))
        return operations


def parts_of(text: str) -> tuple[str, list[str], list[str]]:
    """Return the name, the angles and the qubits of one application, as text."""
    found = _APPLY.fullmatch(text)
    if found is None:
        raise bad(f"{text[:60]!r} is not a statement")
    return found[1], split_at_commas(found[2] or ""), split_at_commas(found[3])

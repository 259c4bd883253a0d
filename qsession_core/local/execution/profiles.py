"""What a QIR profile leaves out, so that a target refuses what its namesake refuses.

``Base`` has gates, then measurements, then records of results: no branches, no gate on a qubit after its measurement or
reset, no record of other values. ``Adaptive_RI`` has branches and integers besides, and goes forward only: no doubles
but constants, no loops. Targets of ``Adaptive_RIF`` take both. Whether a service takes a program's own functions and
memory apart before it looks is not known, so each Adaptive profile has them here.

Source: docs/protocol.md 6.3; the QIR specification (github.com/qir-alliance/qir-spec), Base and Adaptive profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import Circuit, Program, targets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from qsession_core.local.readers.circuit import Function, Instruction

__all__ = ["outside_profile"]

_OF_RESULTS = frozenset({"array", "tuple", "result", "bit"})
_CONVERSIONS = frozenset({"sitofp", "uitofp", "fptosi", "fptoui"})
_ARITHMETIC = frozenset({"fadd", "fsub", "fmul", "fdiv", "frem", "fneg"})
_COMPARISONS = frozenset({
    "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "uno", "ueq", "ugt", "uge", "ult", "ule", "une", "true", "false",
})  # fmt: skip


def outside_profile(program: Circuit | Program, profile: str) -> list[str]:
    """Return what of a program its target's profile does not have; empty if it has everything.

    Args:
        program: As it was read, before anything of it is carried out.
        profile: The profile's name; one that is not known has everything.
    """
    if profile == "Base":
        return _outside_base(program) if isinstance(program, Circuit) else ["more than gates, measurements and records"]
    if profile == "Adaptive_RI":
        found = [_double(program), _loop(program) if isinstance(program, Program) else ""]
        return [problem for problem in found if problem]
    return []


def _outside_base(circuit: Circuit) -> list[str]:
    problems = []
    ended: dict[int, str] = {}
    for word, places, _ in circuit.operations:
        if word in {"measure", "reset"}:
            ended.setdefault(places[0], word)
            continue
        again = next((qubit for qubit in places if qubit in ended), None)
        if again is not None:
            after = "measurement" if ended[again] == "measure" else "reset"
            problems.append(f"a gate on qubit {again} after its {after}")
            break
    kinds = {kind for kind, _ in circuit.output} - _OF_RESULTS
    problems += [f"a record of type {kind}" for kind in sorted(kinds)]
    return problems


def _double(program: Circuit | Program) -> str:
    """Return what a program does with doubles, besides passing constants to gates; empty for nothing."""
    if isinstance(program, Circuit):
        return "a record of type double" if any(kind == "double" for kind, _ in program.output) else ""
    for function in program.functions.values():
        for block in function.blocks.values():
            for instruction in block:
                found = _double_in(instruction, function.parameters)
                if found:
                    return found
    return ""


def _double_in(instruction: Instruction, parameters: tuple[str, ...]) -> str:
    match instruction:
        case ("set", _, opcode, *_) if opcode in _ARITHMETIC or opcode in _COMPARISONS:
            return f"a computation with doubles ({opcode})"
        case ("cast", _, opcode, *_) if opcode in _CONVERSIONS:
            return f"a computation with doubles ({opcode})"
        case ("load", _, "double", *_) | ("store", "double", *_):
            return "doubles in memory"
        case ("record", "double", _):
            return "a record of type double"
        case ("gate", name, doubles, _) if any(isinstance(a, str) and a not in parameters for a in doubles):
            return f"a computed angle ({name})"
        case _:
            return ""


def _loop(program: Program) -> str:
    """Return where a program may come twice to one place; empty for nowhere."""
    for name, function in program.functions.items():
        if _has_circle({label: targets(block[-1]) for label, block in function.blocks.items()}):
            return f"a loop (in {name})"
    calls = {name: list(_called(function)) for name, function in program.functions.items()}
    return "a function that calls itself" if _has_circle(calls) else ""


def _called(function: Function) -> Iterator[str]:
    for block in function.blocks.values():
        for instruction in block:
            if instruction[0] == "invoke":
                yield instruction[2]


def _has_circle(ways: Mapping[str, Iterable[str]]) -> bool:
    """Say whether one of the ways leads back to where it began."""
    done: set[str] = set()
    for start in ways:
        path = [] if start in done else [start]
        left = {start: iter(ways[start])} if path else {}  # where the places of the path lead besides
        while path:
            following = next(left[path[-1]], None)
            if following is None:
                done.add(path[-1])
                del left[path.pop()]
            elif following in left:
                return True
            elif following not in done:
                path.append(following)
                left[following] = iter(ways[following])
    return False

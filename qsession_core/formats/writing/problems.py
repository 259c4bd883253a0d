"""What keeps a program from being written in a format: one wording for all formats."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConversionError, UnboundParameterError, UnsupportedOperationError
from qsession_core.gates.words import gate_named

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from qsession_core.program import Block, Operation, Program

__all__ = ["all_of", "check_indices", "nothing_measured", "require_bound", "shape_problem", "unsupported"]

_NO_GATES = frozenset({"measure", "reset", "barrier", "if", "assign"})


def unsupported(
    input_data_format: str,
    name: str,
    index: int,
    qubits: tuple[int, ...],
    way_out: str,
    *,
    supported: tuple[str, ...],
    in_branch: bool = False,
) -> UnsupportedOperationError:
    """Return the problem of one operation.

    Args:
        input_data_format: The format that it cannot be written in.
        name: The operation.
        index: Its place in the program; in a branch, the place of the outermost ``if``.
        qubits: Its qubits.
        way_out: What to do instead, with a full stop.
        supported: The words that the format has.
        in_branch: Whether it is in a branch.
    """
    where = f" on qubits {', '.join(map(str, qubits))}" if qubits else ""
    inside = " (in its branch)" if in_branch and name not in {"if", "assign"} else ""
    return UnsupportedOperationError(
        f"Operation {index}{inside}, {name}{where}, cannot be written as {input_data_format}: {way_out}",
        operation=name,
        index=index,
        qubits=qubits,
        format=input_data_format,
        supported=supported,
    )


def nothing_measured() -> ConversionError:
    """Return the problem of a program without a measurement."""
    return ConversionError("The program measures nothing, so there is nothing to return; add a measurement.")


def shape_problem(name: str, qubits: tuple[int, ...], params: tuple[Any, ...], num_qubits: int) -> str | None:
    """Return what is wrong with a gate and its arguments, with the way out; None if nothing is."""
    try:
        word = gate_named(name)
    except KeyError:
        return "it is not a gate that we know; decompose it into standard gates first."
    size = len(qubits)
    if size == word.num_qubits and len(params) == word.num_params and size == len(set(qubits)):
        if size == 0 or (min(qubits) >= 0 and max(qubits) < num_qubits):
            return None
        return f"the program has the qubits 0 to {num_qubits - 1} only; give it more."
    if size != word.num_qubits or len(params) != word.num_params:
        return (
            f"it takes {word.num_qubits} qubits and {word.num_params} angles, "
            f"not {size} and {len(params)}; write it with these."
        )
    return "it acts on one qubit twice; give it different ones."


def all_of(problems: Sequence[ConversionError]) -> ConversionError:
    """Make one error of several problems, those of the whole program first, then in the program's order."""
    return ConversionError.of(
        sorted(problems, key=lambda problem: -1 if (index := getattr(problem, "index", None)) is None else index)
    )


def check_indices(program: Program, input_data_format: str) -> tuple[Program, list[ConversionError]]:
    """Report indices out of range; replace such operations by empty barriers so that the rest is checked too.

    Returns:
        The program without impossible operations, and the problems.
    """
    problems = [
        ConversionError(
            f"Register {register.name!r} has classical bit {clbit}, and the program has {program.num_clbits}; "
            "give it more, or leave the bit out."
        )
        for register in program.registers
        for clbit in register.clbits
        if not 0 <= clbit < program.num_clbits
    ]
    if _is_in_range(program.body, program):
        return program, problems
    body = _checked(program.body, program, None, input_data_format, problems)
    return replace(program, body=body), problems


def _checked(
    block: Block, program: Program, outer: int | None, input_data_format: str, problems: list[ConversionError]
) -> Block:
    """Replace the impossible operations of a block; ``outer`` is the index of the outermost branch around it."""
    steps: list[Operation] = []
    for index, (name, qubits, params) in enumerate(block):
        place = index if outer is None else outer
        problem = _index_problem(name, qubits, params, program)
        if problem is not None:
            steps.append(("barrier", (), ()))
            problems.append(
                unsupported(input_data_format, name, place, qubits, problem, supported=(), in_branch=outer is not None)
            )
        elif name == "if":
            condition, *branches = params
            cleaned = [
                None if branch is None else _checked(branch, program, place, input_data_format, problems)
                for branch in branches
            ]
            steps.append((name, qubits, (condition, *cleaned)))
        else:
            steps.append((name, qubits, params))
    return type(block).of(steps)


def _index_problem(name: str, qubits: tuple[int, ...], params: tuple[Any, ...], program: Program) -> str | None:
    if name == "measure" and (len(qubits) != 1 or len(params) != 1):
        return "it takes one qubit and one classical bit; write it with these."
    if name == "assign" and not all(clbit < program.num_clbits for clbit in params[0]):
        return f"classical bit {max(params[0])} is none of the program's {program.num_clbits}; give it more."
    if name == "reset" and len(qubits) != 1:
        return "it takes one qubit; write it with that."
    if not all(0 <= qubit < program.num_qubits for qubit in qubits):
        return f"the program has the qubits 0 to {program.num_qubits - 1} only; give it more."
    if name == "measure" and not 0 <= params[0] < program.num_clbits:
        return f"classical bit {params[0]} is none of the program's {program.num_clbits}; give it more."
    return None


def _is_in_range(block: Block, program: Program) -> bool:
    """Whether all indices that have to be checked here are in range: a fast look, since they nearly always are."""
    names = block.names
    present = program.words if "if" not in program.words else set(names)
    start = _first_of(block, present)
    used = {qubit for qubits in set(block.qubits[start:]) for qubit in qubits}
    if used and not 0 <= min(used) <= max(used) < program.num_qubits:
        return False
    for name, num_params in (("measure", 1), ("reset", 0)):
        for place in block.places(name) if name in present else ():
            params = block.params[place]
            if len(block.qubits[place]) != 1 or len(params) != num_params:
                return False
            if num_params and not 0 <= params[0] < program.num_clbits:
                return False
    if any(clbit >= program.num_clbits for place in block.places("assign") for clbit in block.params[place][0]):
        return False
    if "if" not in present:
        return True
    branches = (params[1:] for name, params in zip(names, block.params, strict=True) if name == "if")
    return all(_is_in_range(branch, program) for pair in branches for branch in pair if branch is not None)


def _first_of(block: Block, present: AbstractSet[str]) -> int:
    """Return where checking starts: at the final measurements, or at 0 if there are others.

    Gates before final measurements are left to :func:`shape_problem`. Other measurements may be deferred to qubits that
    are added while writing; an index out of range must not be taken for one of these.
    """
    start = min(map(block.names.index, present & _NO_GATES), default=len(block))
    return start if set(block.names[start:]) <= {"measure", "barrier"} else 0


def require_bound(parameters: Sequence[str], values: Sequence[float]) -> None:
    """Refuse a program with unbound parameters.

    Raises:
        UnboundParameterError: Some have no value, or there are more values than parameters.
    """
    if len(values) == len(parameters):
        return
    if len(values) > len(parameters):
        raise UnboundParameterError(
            f"There are {len(values)} values for {len(parameters)} parameters; give each parameter one value.",
            parameters=tuple(parameters),
        )
    missing = tuple(parameters)[len(values) :]
    raise UnboundParameterError(
        f"These parameters have no value: {', '.join(missing)}. Bind them before the program is sent.",
        parameters=missing,
    )

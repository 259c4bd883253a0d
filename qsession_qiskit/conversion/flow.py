"""Measurement, reset and control flow: what convert.py does with operations that are not gates.

Programs know ``if`` and nothing else, so ``switch`` becomes nested ifs and ``for`` is unrolled. A ``break`` or
``continue`` under a condition can be unrolled as well: what comes after it in the loop moves into the branches from
which it is still reached.
"""

# ruff: noqa: ARG001 - the handlers of a table take the same arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from qiskit.circuit import (
    Barrier,
    BreakLoopOp,
    ContinueLoopOp,
    ControlFlowOp,
    Delay,
    ForLoopOp,
    IfElseOp,
    Measure,
    Parameter,
    Reset,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.controlflow import CASE_DEFAULT

from qsession_core.errors import ConversionError, LimitExceededError
from qsession_core.expressions import Literal
from qsession_qiskit.conversion import expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qiskit.circuit import CircuitInstruction, Instruction, QuantumCircuit

    from qsession_core.expressions import Expression
    from qsession_qiskit.conversion.convert import Columns, Scope

    Branch = tuple[Expression | None, QuantumCircuit | None]  # None: in every other case; do nothing
    Handler = Callable[["Walker", CircuitInstruction, Any, Columns, Scope], None]

__all__ = ["HANDLERS", "Walker", "legacy_condition"]

_MOST_ITERATIONS = 1_000_000
_MOST_ESCAPING_ITERATIONS = 100  # each one is an if inside an if
_MOST_ESCAPING_OPERATIONS = 100_000


class Walker(Protocol):
    """What a handler needs of the conversion it is part of."""

    def new_columns(self) -> Columns:
        """Return columns with nothing in them."""
        ...

    def instructions(self, data: Iterable[CircuitInstruction], out: Columns, scope: Scope) -> None:
        """Convert instructions."""
        ...

    def write(self, instruction: CircuitInstruction, operation: Instruction, out: Columns, scope: Scope) -> None:
        """Convert one operation."""
        ...


def _measure(walk: Walker, instruction: CircuitInstruction, operation: Measure, out: Columns, scope: Scope) -> None:
    out.add("measure", scope.places[instruction.qubits], (scope.clbits[instruction.clbits[0]],))


def _reset(walk: Walker, instruction: CircuitInstruction, operation: Reset, out: Columns, scope: Scope) -> None:
    out.add("reset", scope.places[instruction.qubits])


def _barrier(walk: Walker, instruction: CircuitInstruction, operation: Barrier, out: Columns, scope: Scope) -> None:
    out.add("barrier", scope.places[instruction.qubits])


def _delay(walk: Walker, instruction: CircuitInstruction, operation: Delay, out: Columns, scope: Scope) -> None:
    """Leave it out: no target here counts time."""


def _while_loop(
    walk: Walker, instruction: CircuitInstruction, operation: WhileLoopOp, out: Columns, scope: Scope
) -> None:
    raise ConversionError(
        "nobody knows beforehand how often it runs: write a for_loop of the most rounds you allow, with break_loop"
    )


def _store(walk: Walker, instruction: CircuitInstruction, operation: Instruction, out: Columns, scope: Scope) -> None:
    raise ConversionError("programs have no classical variables: measure into a register and use that in conditions")


def _escape(walk: Walker, instruction: CircuitInstruction, operation: Instruction, out: Columns, scope: Scope) -> None:
    raise ConversionError(f"{operation.name} stands outside any for_loop: take it out")


def _box(walk: Walker, instruction: CircuitInstruction, operation: Any, out: Columns, scope: Scope) -> None:
    """Do what is in the box; its name and duration mean nothing here."""
    body = operation.blocks[0]
    walk.instructions(body.data, out, scope.inside(body, instruction))


def legacy_condition(walk: Walker, instruction: CircuitInstruction, out: Columns, scope: Scope) -> None:
    """Convert an operation that stands under a condition of its own, as Qiskit 1 has them."""
    asked = expressions.condition(instruction.condition, scope.clbits, scope.known)
    inner = walk.new_columns()
    walk.write(instruction, instruction.operation, inner, scope)
    out.add("if", (), (asked, inner.block(), None))


# --- branches --------------------------------------------------------------------------------------------------


def _branch(walk: Walker, instruction: CircuitInstruction, operation: Any, out: Columns, scope: Scope) -> None:
    def emit(body: QuantumCircuit | None, columns: Columns) -> None:
        if body is not None:
            walk.instructions(body.data, columns, scope.inside(body, instruction))

    _chain(walk, _branches(operation, scope), emit, out)


def _branches(operation: IfElseOp | SwitchCaseOp, scope: Scope) -> list[Branch]:
    """List what may happen, in the order in which it is asked for; the last one happens in every other case."""
    if isinstance(operation, IfElseOp):
        asked = expressions.condition(operation.condition, scope.clbits, scope.known)
        yes, *no = operation.blocks
        return [(asked, yes), (None, no[0] if no else None)]
    branches: list[Branch] = []
    for values, body in operation.cases_specifier():
        if CASE_DEFAULT in values:
            return [*branches, (None, body)]
        branches.append((expressions.equals_any(operation.target, values, scope.clbits, scope.known), body))
    return [*branches, (None, None)]


def _chain(
    walk: Walker, branches: Sequence[Branch], emit: Callable[[QuantumCircuit | None, Columns], None], out: Columns
) -> None:
    """Write branches as ifs, each within the else of the one before."""
    (asked, body), *others = branches
    if asked is None or (isinstance(asked, Literal) and asked.value):
        emit(body, out)
    elif isinstance(asked, Literal):
        _chain(walk, others, emit, out)
    else:
        yes, no = walk.new_columns(), walk.new_columns()
        emit(body, yes)
        _chain(walk, others, emit, no)
        out.add("if", (), (asked, yes.block(), no.block() if no.names else None))


# --- loops -----------------------------------------------------------------------------------------------------


def _for_loop(walk: Walker, instruction: CircuitInstruction, operation: ForLoopOp, out: Columns, scope: Scope) -> None:
    values, variable, body = operation.params
    _check_limit("iterations of a for_loop", len(values), _MOST_ITERATIONS)
    if any(map(_escapes, body.data)):
        _check_limit("iterations of a for_loop with break or continue", len(values), _MOST_ESCAPING_ITERATIONS)
        _Unrolling(walk, instruction, operation, scope).run(0, out)
    elif variable is None or (isinstance(variable, Parameter) and variable not in body.parameters):
        once = walk.new_columns()
        walk.instructions(body.data, once, scope.inside(body, instruction))
        for _ in values:
            out.append(once)
    else:
        for value in values:
            bound, inner = _iteration(instruction, operation, scope, value)
            walk.instructions(bound.data, out, inner)


def _check_limit(what: str, asked: int, limit: int) -> None:
    if asked > limit:
        raise LimitExceededError(
            f"{asked} {what} cannot be unrolled, {limit} at most. Use fewer.", what=what, asked=asked, limit=limit
        )


def _iteration(
    instruction: CircuitInstruction, operation: ForLoopOp, scope: Scope, value: int
) -> tuple[QuantumCircuit, Scope]:
    """Return the body of a loop for one value of its variable, and the scope that it stands in."""
    _, variable, body = operation.params
    if isinstance(variable, Parameter):
        bound = body.assign_parameters({variable: value}) if variable in body.parameters else body
        return bound, scope.inside(bound, instruction)
    inner = scope.inside(body, instruction)
    if variable is not None:
        inner.known = {**inner.known, variable: Literal(value)}
    return body, inner


def _escapes(instruction: CircuitInstruction) -> bool:
    """Return whether an instruction may leave the loop it stands in, or go on to its next round."""
    operation = instruction.operation
    if isinstance(operation, BreakLoopOp | ContinueLoopOp):
        return True
    if not isinstance(operation, ControlFlowOp):
        return False
    if isinstance(operation, ForLoopOp | WhileLoopOp):
        return False  # what escapes in there escapes from there
    return any(_escapes(each) for block in operation.blocks for each in block.data)


class _Unrolling:
    """A for loop with conditional breaks: each function writes everything that the loop still does."""

    def __init__(self, walk: Walker, instruction: CircuitInstruction, operation: ForLoopOp, scope: Scope) -> None:
        self.walk = walk
        self.instruction = instruction
        self.operation = operation
        self.scope = scope
        self.values = list(operation.params[0])
        self.written = 0

    def run(self, round_: int, out: Columns) -> None:
        """Write the rounds from this one on."""
        if round_ < len(self.values):
            body, scope = _iteration(self.instruction, self.operation, self.scope, self.values[round_])
            following = lambda columns: self.run(round_ + 1, columns)  # noqa: E731 - three letters of a function
            self.body(list(body.data), out, scope, following, following)

    def body(
        self,
        data: list[CircuitInstruction],
        out: Columns,
        scope: Scope,
        then: Callable[[Columns], None],
        following: Callable[[Columns], None],
    ) -> None:
        """Write instructions, then what comes after them; a continue goes to the following round at once."""
        for place, instruction in enumerate(data):
            self.written += 1
            _check_limit("operations of a loop with break or continue", self.written, _MOST_ESCAPING_OPERATIONS)
            operation = instruction.operation
            if isinstance(operation, BreakLoopOp):
                return
            if isinstance(operation, ContinueLoopOp):
                following(out)
                return
            if _escapes(instruction):
                self._fork(instruction, data[place + 1 :], out, scope, then, following)
                return
            self.walk.instructions([instruction], out, scope)
        then(out)

    def _fork(
        self,
        instruction: CircuitInstruction,
        rest: list[CircuitInstruction],
        out: Columns,
        scope: Scope,
        then: Callable[[Columns], None],
        following: Callable[[Columns], None],
    ) -> None:
        """Write a branch of which a part leaves the loop: what comes later is written into the other parts."""

        def later(columns: Columns) -> None:
            self.body(rest, columns, scope, then, following)

        def emit(body: QuantumCircuit | None, columns: Columns) -> None:
            if body is None:
                later(columns)
            else:
                self.body(list(body.data), columns, scope.inside(body, instruction), later, following)

        operation = instruction.operation
        if isinstance(operation, IfElseOp | SwitchCaseOp):
            _chain(self.walk, _branches(operation, scope), emit, out)
        else:
            emit(operation.blocks[0], out)


HANDLERS: dict[type, Handler] = {
    Measure: _measure,
    Reset: _reset,
    Barrier: _barrier,
    Delay: _delay,
    IfElseOp: _branch,
    SwitchCaseOp: _branch,
    ForLoopOp: _for_loop,
    WhileLoopOp: _while_loop,
    BreakLoopOp: _escape,
    ContinueLoopOp: _escape,
}


def _newer() -> dict[type, Handler]:
    """List what only some of the supported Qiskit versions have."""
    import qiskit.circuit as there

    found = {"Store": _store, "BoxOp": _box}
    return {getattr(there, name): handler for name, handler in found.items() if hasattr(there, name)}


HANDLERS.update(_newer())

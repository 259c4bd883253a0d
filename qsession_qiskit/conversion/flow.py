"""Converts measurement, reset and control flow.

The only control flow of a program is ``if``: ``switch`` becomes nested ifs, ``for`` is unrolled, and so is a ``while``
whose condition is known at each iteration. A ``break`` or ``continue`` under a condition is unrolled by moving the rest
of the loop into the branches that reach it.
"""

# ruff: noqa: ARG001 - all handlers of the table take the same arguments

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import qiskit.circuit
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
from qsession_core.program import Columns
from qsession_qiskit.conversion import expressions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from qiskit.circuit import CircuitInstruction, Instruction, QuantumCircuit

    from qsession_core.expressions import Expression
    from qsession_qiskit.conversion.scope import Scope, Variables

    # Condition and body; without a condition: the default; without a body: nothing to do
    Branch = tuple[Expression | None, QuantumCircuit | None]
    Handler = Callable[["Converter", CircuitInstruction, Any, Columns, Scope], None]
    Continuation = Callable[[Columns], None]  # appends everything that is executed from some point on
    # takes the number of an iteration, returns its body and scope; None after the last one
    Iteration = Callable[[int], tuple[QuantumCircuit, Scope] | None]

__all__ = ["HANDLERS", "Converter", "legacy_condition"]

_MAX_ITERATIONS = 1_000_000
_MAX_ITERATIONS_OF_WHILE = 10_000
_MAX_ITERATIONS_WITH_JUMPS = 100  # each iteration nests one more if
_MAX_OPERATIONS_WITH_JUMPS = 100_000


class Converter(Protocol):
    """The conversion that a handler is part of."""

    def instructions(self, data: Iterable[CircuitInstruction], out: Columns, scope: Scope) -> None:
        """Append instructions to ``out``."""
        ...

    def write(self, instruction: CircuitInstruction, operation: Instruction, out: Columns, scope: Scope) -> None:
        """Append one operation to ``out``, without the instruction's own condition."""
        ...


def _measure(
    converter: Converter, instruction: CircuitInstruction, operation: Measure, out: Columns, scope: Scope
) -> None:
    out.add("measure", scope.indices[instruction.qubits], (scope.clbits[instruction.clbits[0]],))


def _reset(converter: Converter, instruction: CircuitInstruction, operation: Reset, out: Columns, scope: Scope) -> None:
    out.add("reset", scope.indices[instruction.qubits])


def _barrier(
    converter: Converter, instruction: CircuitInstruction, operation: Barrier, out: Columns, scope: Scope
) -> None:
    out.add("barrier", scope.indices[instruction.qubits])


def _delay(converter: Converter, instruction: CircuitInstruction, operation: Delay, out: Columns, scope: Scope) -> None:
    """Append nothing: no target supports delays."""


def _store(converter: Converter, instruction: CircuitInstruction, operation: Any, out: Columns, scope: Scope) -> None:
    """Append an assignment of a variable, a bit or a register; note a value that is known."""
    value = expressions.expression(operation.rvalue, scope)
    variable, bits = expressions.place(operation.lvalue, scope)
    if variable is not None:
        is_whole = operation.lvalue is variable
        if not is_whole:
            scope.variables.read(variable)  # raises: it has no value yet
        if not is_whole or not isinstance(value, Literal):
            bits = bits or scope.variables.bits(variable)  # raises: it is neither a truth value nor an integer
        scope.variables.assign(variable, value if is_whole else None)
    if bits:
        out.add("assign", (), (bits, value))


def _stray_jump(
    converter: Converter, instruction: CircuitInstruction, operation: Instruction, out: Columns, scope: Scope
) -> None:
    raise ConversionError(f"{operation.name} is not inside a loop: remove it")


def _box(converter: Converter, instruction: CircuitInstruction, operation: Any, out: Columns, scope: Scope) -> None:
    """Append the contents of a box; ignore its name and duration."""
    body = operation.blocks[0]
    converter.instructions(body.data, out, scope.inside(body, instruction))


def legacy_condition(converter: Converter, instruction: CircuitInstruction, out: Columns, scope: Scope) -> None:
    """Append an operation that has a condition of its own, as Qiskit 1 allows."""
    condition = expressions.condition(instruction.condition, scope)
    inner = Columns()
    converter.write(instruction, instruction.operation, inner, scope)
    out.add("if", (), (condition, inner.block(), None))


# --- branches --------------------------------------------------------------------------------------------------


def _branch(converter: Converter, instruction: CircuitInstruction, operation: Any, out: Columns, scope: Scope) -> None:
    def emit(body: QuantumCircuit | None, columns: Columns) -> None:
        if body is not None:
            converter.instructions(body.data, columns, scope.inside(body, instruction))

    _nested_ifs(_branches(operation, scope), emit, out, scope.variables)


def _branches(operation: IfElseOp | SwitchCaseOp, scope: Scope) -> list[Branch]:
    """List the branches in the order in which their conditions are tested; the last one is the default."""
    if isinstance(operation, IfElseOp):
        condition = expressions.condition(operation.condition, scope)
        true_body, *false_body = operation.blocks
        return [(condition, true_body), (None, false_body[0] if false_body else None)]
    branches: list[Branch] = []
    for values, body in operation.cases_specifier():
        if CASE_DEFAULT in values:
            return [*branches, (None, body)]
        branches.append((expressions.equals_any(operation.target, values, scope), body))
    return [*branches, (None, None)]


def _nested_ifs(
    branches: Sequence[Branch],
    emit: Callable[[QuantumCircuit | None, Columns], None],
    out: Columns,
    variables: Variables,
) -> None:
    """Append the branches as ifs, each in the else of the one before; ``emit`` appends the body of one."""
    (condition, body), *others = branches
    if condition is None or (isinstance(condition, Literal) and condition.value):
        emit(body, out)
    elif isinstance(condition, Literal):
        _nested_ifs(others, emit, out, variables)
    else:
        yes, no, before = Columns(), Columns(), variables.known
        variables.known = dict(before)
        emit(body, yes)
        known_then, variables.known = variables.known, dict(before)
        _nested_ifs(others, emit, no, variables)
        variables.merge([known_then, variables.known])
        out.add("if", (), (condition, yes.block(), no.block() if no.names else None))


# --- loops -----------------------------------------------------------------------------------------------------


def _for_loop(
    converter: Converter, instruction: CircuitInstruction, operation: ForLoopOp, out: Columns, scope: Scope
) -> None:
    values, variable, body = operation.params
    _check_limit("iterations of a for_loop", len(values), _MAX_ITERATIONS)
    if any(map(_jumps, body.data)):
        _check_limit("iterations of a for_loop with break or continue", len(values), _MAX_ITERATIONS_WITH_JUMPS)
    elif (variable is None or (isinstance(variable, Parameter) and variable not in body.parameters)) and not _has(
        body.data, _STORES
    ):
        once = Columns()
        converter.instructions(body.data, once, scope.inside(body, instruction))
        for _ in values:
            out.append(once)
        return

    def iteration(number: int) -> tuple[QuantumCircuit, Scope] | None:
        return _iteration(instruction, operation, scope, values[number]) if number < len(values) else None

    _unrolled(converter, body, iteration, out)


def _while_loop(
    converter: Converter, instruction: CircuitInstruction, operation: WhileLoopOp, out: Columns, scope: Scope
) -> None:
    (body,) = operation.blocks
    limit = _MAX_ITERATIONS_WITH_JUMPS if any(map(_jumps, body.data)) else _MAX_ITERATIONS_OF_WHILE

    def iteration(number: int) -> tuple[QuantumCircuit, Scope] | None:
        condition = expressions.condition(operation.condition, scope)
        if not isinstance(condition, Literal):
            raise ConversionError(
                "its number of iterations depends on measurements: write a for_loop over the largest number you allow, "
                "with break_loop"
            )
        if not condition.value:
            return None
        if number >= limit:
            raise LimitExceededError(
                f"A while_loop goes on after {limit} iterations, which is the most that is unrolled. Use fewer.",
                what="iterations of a while_loop",
                asked=number + 1,
                limit=limit,
            )
        return body, scope.inside(body, instruction)

    _unrolled(converter, body, iteration, out)


def _unrolled(converter: Converter, body: QuantumCircuit, iteration: Iteration, out: Columns) -> None:
    """Append the iterations of a loop."""
    if any(map(_jumps, body.data)):
        _LoopWithJumps(converter, iteration).iterations(0, out)
        return
    number = 0
    while (found := iteration(number)) is not None:
        bound, inner = found
        converter.instructions(bound.data, out, inner)
        number += 1


def _check_limit(what: str, asked: int, limit: int) -> None:
    if asked > limit:
        raise LimitExceededError(
            f"{asked} {what} cannot be unrolled; the limit is {limit}. Use fewer.", what=what, asked=asked, limit=limit
        )


def _iteration(
    instruction: CircuitInstruction, operation: ForLoopOp, scope: Scope, value: int
) -> tuple[QuantumCircuit, Scope]:
    """Return the body of a loop for one value of its variable, and the scope of that body."""
    _, variable, body = operation.params
    if isinstance(variable, Parameter):
        bound = body.assign_parameters({variable: value}) if variable in body.parameters else body
        return bound, scope.inside(bound, instruction)
    inner = scope.inside(body, instruction)
    if variable is not None:
        inner.variables.assign(variable, Literal(value))
    return body, inner


def _jumps(instruction: CircuitInstruction) -> bool:
    """Return whether an instruction may break or continue the loop around it."""
    operation = instruction.operation
    if isinstance(operation, BreakLoopOp | ContinueLoopOp):
        return True
    if not isinstance(operation, ControlFlowOp):
        return False
    if isinstance(operation, ForLoopOp | WhileLoopOp):
        return False  # a break or continue in there belongs to the inner loop
    return any(_jumps(each) for block in operation.blocks for each in block.data)


def _has(data: Iterable[CircuitInstruction], kinds: tuple[type, ...]) -> bool:
    """Return whether there is an operation of these kinds, in nested blocks too."""
    return any(
        isinstance(each.operation, kinds)
        or (
            isinstance(each.operation, ControlFlowOp)
            and any(_has(block.data, kinds) for block in each.operation.blocks)
        )
        for each in data
    )


class _LoopWithJumps:
    """Unrolls a loop with break or continue, in continuation-passing style.

    Each method gets continuations and appends everything that is executed from its point on. A break calls none, so
    nothing follows it; an ``if`` that may jump calls its continuation once in each branch that goes on.
    """

    def __init__(self, converter: Converter, iteration: Iteration) -> None:
        self.converter = converter
        self.iteration = iteration
        self.num_written = 0

    def iterations(self, number: int, out: Columns) -> None:
        """Append the iterations from this number on."""
        found = self.iteration(number)
        if found is not None:
            body, scope = found

            def next_iteration(columns: Columns) -> None:
                self.iterations(number + 1, columns)

            self.body(list(body.data), out, scope, next_iteration, next_iteration)

    def body(
        self,
        data: list[CircuitInstruction],
        out: Columns,
        scope: Scope,
        after_body: Continuation,
        next_iteration: Continuation,
    ) -> None:
        """Append the instructions of a body or of a branch in it, and everything that follows.

        Args:
            data: The instructions.
            out: Where to append.
            scope: The scope of the instructions.
            after_body: Called after the last instruction.
            next_iteration: Called at a continue.
        """
        for place, instruction in enumerate(data):
            self.num_written += 1
            _check_limit("operations of a loop with break or continue", self.num_written, _MAX_OPERATIONS_WITH_JUMPS)
            operation = instruction.operation
            if isinstance(operation, BreakLoopOp):
                return
            if isinstance(operation, ContinueLoopOp):
                next_iteration(out)
                return
            if _jumps(instruction):
                self._branches(instruction, data[place + 1 :], out, scope, after_body, next_iteration)
                return
            self.converter.instructions([instruction], out, scope)
        after_body(out)

    def _branches(
        self,
        instruction: CircuitInstruction,
        rest: list[CircuitInstruction],
        out: Columns,
        scope: Scope,
        after_body: Continuation,
        next_iteration: Continuation,
    ) -> None:
        """Append an ``if``, ``switch`` or box that may jump, and the rest of its body in each branch that goes on."""

        def after_branch(columns: Columns) -> None:
            self.body(rest, columns, scope, after_body, next_iteration)

        def emit(body: QuantumCircuit | None, columns: Columns) -> None:
            if body is None:
                after_branch(columns)
            else:
                self.body(list(body.data), columns, scope.inside(body, instruction), after_branch, next_iteration)

        operation = instruction.operation
        if isinstance(operation, IfElseOp | SwitchCaseOp):
            _nested_ifs(_branches(operation, scope), emit, out, scope.variables)
        else:
            emit(operation.blocks[0], out)


# Store came with Qiskit 1.0
_STORES: tuple[type, ...] = tuple(getattr(qiskit.circuit, name) for name in ("Store",) if hasattr(qiskit.circuit, name))

HANDLERS: dict[type, Handler] = {
    Measure: _measure,
    Reset: _reset,
    Barrier: _barrier,
    Delay: _delay,
    IfElseOp: _branch,
    SwitchCaseOp: _branch,
    ForLoopOp: _for_loop,
    WhileLoopOp: _while_loop,
    BreakLoopOp: _stray_jump,
    ContinueLoopOp: _stray_jump,
}


# Operations that not every supported Qiskit version has
HANDLERS.update(
    (getattr(qiskit.circuit, name), handler)
    for name, handler in {"Store": _store, "BoxOp": _box}.items()
    if hasattr(qiskit.circuit, name)
)

"""What a Qiskit circuit with classical variables does, exactly: one branch for each outcome of a measurement.

It reads Qiskit's instructions and expressions itself and shares nothing with our conversion. (Aer knows variables too,
but not those that are truth values.)
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from qiskit.circuit import (
    BreakLoopOp,
    ClassicalRegister,
    Clbit,
    ContinueLoopOp,
    ForLoopOp,
    IfElseOp,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.classical import expr, types
from qiskit.circuit.controlflow import CASE_DEFAULT
from qiskit.quantum_info import Statevector

BREAK, CONTINUE = "break", "continue"
_OPERATORS = {
    "BIT_AND": lambda a, b: a & b, "BIT_OR": lambda a, b: a | b, "BIT_XOR": lambda a, b: a ^ b,
    "LOGIC_AND": lambda a, b: a and b, "LOGIC_OR": lambda a, b: a or b,
    "EQUAL": lambda a, b: a == b, "NOT_EQUAL": lambda a, b: a != b, "LESS": lambda a, b: a < b,
    "LESS_EQUAL": lambda a, b: a <= b, "GREATER": lambda a, b: a > b, "GREATER_EQUAL": lambda a, b: a >= b,
    "SHIFT_LEFT": lambda a, b: a << b, "SHIFT_RIGHT": lambda a, b: a >> b,
    "ADD": lambda a, b: a + b, "SUB": lambda a, b: a - b, "MUL": lambda a, b: a * b,
}  # fmt: skip


@dataclass(frozen=True)
class World:
    """One branch: the state of the qubits, the bits, and the variables."""

    state: Statevector
    chance: float
    bits: dict[Clbit, int]
    variables: dict[object, object]


def _held(value, kind):
    if isinstance(kind, types.Bool):
        return bool(value)
    return int(value) % (1 << kind.width) if isinstance(kind, types.Uint) else value


def value_of(node, world):
    match node:
        case Clbit():
            return bool(world.bits[node])
        case ClassicalRegister():
            return sum(world.bits[bit] << place for place, bit in enumerate(node))
        case tuple():
            return value_of(node[0], world) == node[1]
        case expr.Value():
            return _held(node.value, node.type)
        case expr.Var(var=Clbit() | ClassicalRegister() as bits):
            return value_of(bits, world)
        case expr.Var():
            return world.variables[node]
        case expr.Cast():
            return _held(value_of(node.operand, world), node.type)
        case expr.Unary():
            inner = value_of(node.operand, world)
            return _held(not inner if isinstance(node.type, types.Bool) else ~inner, node.type)
        case expr.Index():
            return bool(value_of(node.target, world) >> value_of(node.index, world) & 1)
        case expr.Binary():
            return _held(_OPERATORS[node.op.name](value_of(node.left, world), value_of(node.right, world)), node.type)
    raise TypeError(node)


def _stored(operation, world):
    value, target = value_of(operation.rvalue, world), operation.lvalue
    if isinstance(target, expr.Index):
        place, target = value_of(target.index, world), target.target
        whole = int(value_of(target, world))
        value = whole & ~(1 << place) | bool(value) << place
    if isinstance(target.var, Clbit):
        return replace(world, bits={**world.bits, target.var: int(value)})
    if isinstance(target.var, ClassicalRegister):
        written = {bit: int(value) >> place & 1 for place, bit in enumerate(target.var)}
        return replace(world, bits={**world.bits, **written})
    return replace(world, variables={**world.variables, target: value})


def _measured(qubit, clbit, world):
    for value, chance in enumerate(world.state.probabilities([qubit])):
        if chance > 1e-12:
            projector = np.diag([1.0 - value, float(value)])
            state = world.state.evolve(_operator(projector), [qubit])
            yield replace(
                world,
                state=Statevector(state.data / np.sqrt(chance)),
                chance=world.chance * chance,
                bits={**world.bits, clbit: value},
            )


def _operator(matrix):
    from qiskit.quantum_info import Operator

    return Operator(matrix)


def _body_of(operation, world):
    if isinstance(operation, IfElseOp):
        yes, *no = operation.blocks
        return yes if value_of(operation.condition, world) else (no or [None])[0]
    value = int(value_of(operation.target, world))
    for labels, body in operation.cases_specifier():
        if CASE_DEFAULT in labels or value in labels:
            return body
    return None


def _loop(operation, world, number, inside):
    """Run the iterations of a loop from this number on."""
    if isinstance(operation, ForLoopOp):
        values, variable, body = operation.params
        going = number < len(values)
        if going and isinstance(variable, expr.Var):
            world = replace(world, variables={**world.variables, variable: list(values)[number]})
    else:
        body, going = operation.blocks[0], value_of(operation.condition, world)
    if not going:
        yield world, None
        return
    for after, signal in inside(body, world):
        if signal == BREAK:
            yield after, None
        else:
            yield from _loop(operation, after, number + 1, inside)


def _run(data, world, where):
    """Yield (world, BREAK, CONTINUE or None) for each branch after some instructions."""
    if not data:
        yield world, None
        return
    for after, signal in _step(data[0], world, where):
        if signal is None:
            yield from _run(data[1:], after, where)
        else:
            yield after, signal


def _step(instruction, world, where):
    operation = instruction.operation
    qubits, clbits = [where[qubit] for qubit in instruction.qubits], [where[bit] for bit in instruction.clbits]

    def inside(body, world):
        if body is None:
            yield world, None
            return
        inner = dict(zip(body.qubits, qubits, strict=True)) | dict(zip(body.clbits, clbits, strict=True))
        yield from _run(list(body.data), world, inner)

    match operation:
        case BreakLoopOp():
            yield world, BREAK
        case ContinueLoopOp():
            yield world, CONTINUE
        case IfElseOp() | SwitchCaseOp():
            yield from inside(_body_of(operation, world), world)
        case ForLoopOp() | WhileLoopOp():
            yield from _loop(operation, world, 0, inside)
        case Store():
            yield _stored(operation, world), None
        case _ if operation.name == "measure":
            yield from ((after, None) for after in _measured(qubits[0], clbits[0], world))
        case _ if operation.name == "barrier":
            yield world, None
        case _:
            yield replace(world, state=world.state.evolve(operation, qubits)), None


def distribution(circuit):
    """Return the probability of each outcome in Qiskit's order, without spaces."""
    where = {qubit: place for place, qubit in enumerate(circuit.qubits)} | {bit: bit for bit in circuit.clbits}
    start = World(Statevector.from_int(0, 2**circuit.num_qubits), 1.0, dict.fromkeys(circuit.clbits, 0), {})
    found = defaultdict(float)
    for world, _ in _run(list(circuit.data), start, where):
        found["".join(str(world.bits[bit]) for bit in reversed(circuit.clbits))] += world.chance
    return dict(found)

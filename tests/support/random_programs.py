"""Random programs from a seed: every word, controls, holes, re-measured qubits, resets, nested conditions."""

from __future__ import annotations

import math
import random

from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary
from qsession_core.gates.words import GATES, controlled, gate_named
from qsession_core.program import Block, Program, Register

NATIVE = ("gpi", "gpi2", "ms", "zz")
WORDS = tuple(GATES)
# under further controls a gate's global phase would count; every word must be right there as well
CONTROLLABLE = tuple(word for word in WORDS if GATES[word].num_qubits <= 2)
SPECIAL = (0.0, math.pi, -math.pi, 2 * math.pi, -2 * math.pi, 5 * math.pi / 2, 1e-9, -7.5, 13.0)


def angle(draw: random.Random) -> float:
    return draw.choice(SPECIAL) if draw.random() < 0.15 else draw.uniform(-4 * math.pi, 4 * math.pi)


def one_gate(draw: random.Random, num_qubits: int, words=WORDS, *, most_controls=2):
    while True:
        word = draw.choice(words)
        if draw.random() < 0.2 and GATES[word].num_qubits <= 2:
            word = controlled(word, draw.randint(1, most_controls)) if most_controls else word
        size = width(word)
        if size <= num_qubits:
            break
    return word, tuple(draw.sample(range(num_qubits), size)), tuple(angle(draw) for _ in range(params(word)))


def width(word: str) -> int:
    return gate_named(word).num_qubits


def params(word: str) -> int:
    return gate_named(word).num_params


def registers_over(draw: random.Random, num_clbits: int) -> tuple[Register, ...]:
    """Cut the bits into registers, in any order, some with bits in any order; sometimes leave bits out."""
    bits = list(range(num_clbits))
    if draw.random() < 0.3:
        draw.shuffle(bits)
    if draw.random() < 0.2 and len(bits) > 1:
        bits.pop()
    found = []
    while bits:
        size = draw.randint(1, len(bits))
        found.append(Register(f"r{len(found)}", tuple(bits[:size])))
        bits = bits[size:]
    return tuple(found)


def terminal(seed: int, *, words=WORDS, most_qubits=5, most_gates=14, most_controls=2) -> Program:
    """A program that measures at its end; some qubits not, some twice, some bits left unwritten."""
    draw = random.Random(seed)
    num_qubits = draw.randint(1, most_qubits)
    if max(1, min(width(word) for word in words)) > num_qubits:
        num_qubits = most_qubits
    operations = [
        one_gate(draw, num_qubits, words, most_controls=most_controls) for _ in range(draw.randint(1, most_gates))
    ]
    if draw.random() < 0.3:
        operations.insert(draw.randrange(len(operations)), ("barrier", tuple(range(num_qubits)), ()))
    num_clbits = draw.randint(1, num_qubits + 1)
    clbits = draw.sample(range(num_clbits), draw.randint(1, num_clbits))
    operations += [("measure", (draw.randrange(num_qubits),), (clbit,)) for clbit in clbits]
    return Program.of(num_qubits, num_clbits, operations, registers=registers_over(draw, num_clbits))


def midway(seed: int, *, words=WORDS, most_qubits=4, most_gates=14) -> Program:
    """A program without branches that measures, resets and uses qubits again, in any order."""
    draw = random.Random(seed)
    num_qubits, num_clbits = draw.randint(1, most_qubits), draw.randint(1, 4)
    operations = [_step(draw, num_qubits, num_clbits, words) for _ in range(draw.randint(2, most_gates))]
    operations.append(("measure", (draw.randrange(num_qubits),), (draw.randrange(num_clbits),)))
    return Program.of(num_qubits, num_clbits, operations, registers=registers_over(draw, num_clbits))


def _step(draw, num_qubits, num_clbits, words):
    kind = draw.random()
    if kind < 0.65:
        return one_gate(draw, num_qubits, words, most_controls=1)
    if kind < 0.85:
        return "measure", (draw.randrange(num_qubits),), (draw.randrange(num_clbits),)
    return ("reset", (draw.randrange(num_qubits),), ()) if kind < 0.95 else ("barrier", tuple(range(num_qubits)), ())


def branching(seed: int, *, words=WORDS, most_qubits=4, most_gates=9, floats=False) -> Program:
    """A program with nested conditions on bits and registers, measured and unmeasured ones."""
    draw = random.Random(seed)
    num_qubits, num_clbits = draw.randint(1, most_qubits), draw.randint(1, 4)
    operations = list(_block(draw, num_qubits, num_clbits, words, most_gates, depth=0, floats=floats))
    operations.append(("measure", (draw.randrange(num_qubits),), (draw.randrange(num_clbits),)))
    return Program.of(num_qubits, num_clbits, operations, registers=registers_over(draw, num_clbits))


def _block(draw, num_qubits, num_clbits, words, most_gates, *, depth, floats):
    for _ in range(draw.randint(0 if depth else 3, most_gates)):
        if depth < 3 and draw.random() < 0.2:
            then, otherwise = (
                Block.of(_block(draw, num_qubits, num_clbits, words, most_gates // 2, depth=depth + 1, floats=floats))
                for _ in range(2)
            )
            condition = _truth(draw, num_clbits, 0, floats=floats)
            yield "if", (), (condition, then, otherwise if draw.random() < 0.5 else None)
        else:
            yield _step(draw, num_qubits, num_clbits, words)


def _truth(draw, num_clbits, depth, *, floats):
    kind = draw.random()
    if kind < 0.35 or depth > 2:
        return Bit(draw.randrange(num_clbits))
    if kind < 0.7:
        operator = draw.choice(("==", "!=", "<", "<=", ">", ">="))
        return Binary(
            operator, _number(draw, num_clbits, depth, floats=floats), _number(draw, num_clbits, depth, floats=floats)
        )
    if kind < 0.8:
        return Unary("not", _truth(draw, num_clbits, depth + 1, floats=floats))
    if kind < 0.95:
        operator = draw.choice(("and", "or", "&", "|", "^", "==", "!="))
        return Binary(
            operator,
            _truth(draw, num_clbits, depth + 1, floats=floats),
            _truth(draw, num_clbits, depth + 1, floats=floats),
        )
    return draw.choice((Literal(value=True), Literal(value=False), _number(draw, num_clbits, depth, floats=floats)))


def _number(draw, num_clbits, depth, *, floats):
    kind = draw.random()
    clbits = tuple(draw.sample(range(num_clbits), draw.randint(1, num_clbits)))
    if kind < 0.5 or depth > 1:
        return Uint(clbits)
    if kind < 0.7:
        return Literal(draw.uniform(-1, 5)) if floats and draw.random() < 0.4 else Literal(draw.randint(0, 9))
    if kind < 0.8:
        return Unary("~", Uint(clbits), len(clbits))
    operator = draw.choice(("&", "|", "^", "+", "-", "*", "<<", ">>"))
    left = _number(draw, num_clbits, depth + 1, floats=floats and operator in "+-*")
    if operator in {"<<", ">>"}:
        return Binary(operator, left, Literal(draw.randint(0, 3)))
    return Binary(operator, left, _number(draw, num_clbits, depth + 1, floats=floats and operator in "+-*"))

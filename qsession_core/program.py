"""A circuit without an SDK: registers, operations, classical control, parameters.

Operations are held in columns, not as one object each, because a circuit may have 100,000 of them: operation i of a
block is ``(names[i], qubits[i], params[i])``. A name is a gate word (:mod:`qsession_core.gates.words`) or one of

===========  ==================  =====================================================================
name         qubits              params
===========  ==================  =====================================================================
a gate word  its qubits          its angles, each a float or an :class:`Angle`
measure      (qubit,)            (classical bit,)
reset        (qubit,)            ()
barrier      the qubits          ()
pauliexp     the qubits          (terms, coefficients, time): exp(-i time sum(coefficient * term)); the
                                 last letter of a term acts on the first qubit
if           ()                  (condition, block, block or None): the blocks for true and for false;
                                 conditions are of :mod:`qsession_core.expressions`
assign       ()                  (bits, expression): the bits get the value of the expression, the least
                                 significant first; what does not fit into them is cut off
===========  ==================  =====================================================================

Classical bits with negative numbers, -1, -2 and so on, are variables: only ``assign`` writes them, only expressions
read them, and they are no part of the result.

>>> program = Program.of(2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))])
>>> program.body.names
('h', 'cx', 'measure', 'measure')
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from qsession_core.expressions import bits_read
from qsession_core.results.layout import Register

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["Angle", "Block", "Columns", "Operation", "Program", "Register", "without_unread", "written_in"]

# One operation read out of the columns: (name, qubits, params)
Operation = tuple[str, tuple[int, ...], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Angle:
    """A linear combination of parameters, in the unit of the gate that it belongs to.

    It has the arithmetic that decompositions use. Front ends make one parameter of each expression that is not linear
    in the SDK's symbols, and compute its values themselves.

    Attributes:
        terms: (number of the parameter, factor) of each term.
        constant: Added to the sum of the terms.

    >>> half = Angle.parameter(0) / 2
    >>> (-half).value([0.5])
    -0.25
    """

    terms: tuple[tuple[int, float], ...]
    constant: float = 0.0

    @classmethod
    def parameter(cls, number: int) -> Self:
        """Return parameter ``number`` of the program, unscaled."""
        return cls(((number, 1.0),))

    def value(self, values: Sequence[float]) -> float:
        """Return the value of the angle if parameter i has ``values[i]``."""
        if len(self.terms) == 1:  # one exact product: an unscaled parameter keeps every bit
            ((number, factor),) = self.terms
            return values[number] * factor + self.constant if self.constant else values[number] * factor
        return sum((values[number] * factor for number, factor in self.terms), self.constant)

    def __add__(self, other: Angle | float) -> Angle:
        if isinstance(other, Angle):
            terms = dict(self.terms)
            for number, factor in other.terms:
                terms[number] = terms.get(number, 0.0) + factor
            return Angle(tuple(terms.items()), self.constant + other.constant)
        return Angle(self.terms, self.constant + other)

    __radd__ = __add__

    def __mul__(self, factor: float) -> Angle:
        return Angle(tuple((number, old * factor) for number, old in self.terms), self.constant * factor)

    __rmul__ = __mul__

    def __truediv__(self, divisor: float) -> Angle:
        return Angle(tuple((number, old / divisor) for number, old in self.terms), self.constant / divisor)

    def __neg__(self) -> Angle:
        return self * -1.0


# --- the program -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Block:
    """Operations in order of time, in columns of equal length."""

    names: tuple[str, ...]
    qubits: tuple[tuple[int, ...], ...]
    params: tuple[tuple[Any, ...], ...]

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> Self:
        """Make a block of single operations."""
        columns = tuple(zip(*operations, strict=True))
        return cls(*columns) if columns else cls((), (), ())

    def __iter__(self) -> Iterator[Operation]:
        return iter(zip(self.names, self.qubits, self.params, strict=True))

    def __len__(self) -> int:
        return len(self.names)

    def places(self, name: str) -> Iterator[int]:
        """Yield the indices of the operations of a name, in order."""
        place = -1
        with suppress(ValueError):  # of index: there is no further one
            while True:
                place = self.names.index(name, place + 1)
                yield place


class Columns:
    """The columns of a block under construction: three lists of equal length."""

    __slots__ = ("names", "params", "qubits")

    def __init__(self) -> None:
        self.names: list[str] = []
        self.qubits: list[tuple[int, ...]] = []
        self.params: list[tuple[Any, ...]] = []

    def add(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...] = ()) -> None:
        """Append one operation."""
        self.names.append(name)
        self.qubits.append(qubits)
        self.params.append(params)

    def append(self, other: Columns) -> None:
        """Append operations on the same qubits."""
        self.names += other.names
        self.qubits += other.qubits
        self.params += other.params

    def extend(self, other: Columns, qubits: Sequence[int]) -> None:
        """Append operations; their qubit i is ``qubits[i]`` here."""
        self.names += other.names
        self.qubits += [tuple([qubits[place] for place in places]) for places in other.qubits]
        self.params += other.params

    def block(self) -> Block:
        """Return the operations appended so far."""
        return Block(tuple(self.names), tuple(self.qubits), tuple(self.params))


@dataclass(frozen=True)
class Program:
    """A circuit between an SDK and the wire. Qubits and classical bits are numbered from 0 without gaps.

    >>> program = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> program.num_qubits, sorted(program.words)
    (1, ['measure', 'x'])

    Attributes:
        num_qubits: Qubits may be idle.
        num_clbits: A classical bit that nothing is measured into is 0.
        body: The operations.
        registers: Groups of classical bits; a bit may be in none or in several.
        parameters: Names of the unbound parameters; angles refer to them by their index.
        name: The circuit's name; jobs are named after it.
        metadata: Metadata that the front end adds to the job: text by key (docs/metadata.md).
    """

    num_qubits: int
    num_clbits: int
    body: Block
    registers: tuple[Register, ...] = ()
    parameters: tuple[str, ...] = ()
    name: str = "circuit"
    metadata: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        num_qubits: int,
        num_clbits: int,
        operations: Iterable[Operation],
        *,
        registers: Sequence[Register] | None = None,
        name: str = "circuit",
    ) -> Self:
        """Make a program of single operations; by default all classical bits are one register ``c``."""
        if registers is None:
            registers = (Register("c", tuple(range(num_clbits))),) if num_clbits else ()
        return cls(num_qubits, num_clbits, Block.of(operations), tuple(registers), name=name)

    @cached_property
    def words(self) -> frozenset[str]:
        """The names of all operations, in nested blocks too."""
        return frozenset(_words(self.body))

    @cached_property
    def readout(self) -> tuple[int | None, ...]:
        """Classical bit -> the qubit of its last measurement, None if nothing is measured into it.

        Measurements in branches are ignored.
        """
        readout: list[int | None] = [None] * self.num_clbits
        for place in self.body.places("measure"):
            readout[self.body.params[place][0]] = self.body.qubits[place][0]
        return tuple(readout)

    def with_values(self, values: Sequence[float]) -> Program:
        """Return the program with a value for each of its parameters, in their order."""
        body = _bound(self.body, values)
        return Program(self.num_qubits, self.num_clbits, body, self.registers, (), self.name, self.metadata)


def _words(block: Block) -> set[str]:
    words = set(block.names)
    if "if" in words:
        for name, params in zip(block.names, block.params, strict=True):
            if name == "if":
                for branch in params[1:]:
                    words |= _words(branch) if branch is not None else set()
    return words


def _bound(block: Block, values: Sequence[float]) -> Block:
    def bind(param: Any) -> Any:
        if type(param) is Angle:
            return param.value(values)
        return _bound(param, values) if type(param) is Block else param

    return Block(block.names, block.qubits, tuple(tuple(map(bind, params)) for params in block.params))


def written_in(block: Block | None) -> set[int]:
    """Return every classical bit that a measurement or an assignment writes, in nested blocks too."""
    if block is None:
        return set()
    clbits = set()
    if "measure" in block.names:
        clbits = {params[0] for name, params in zip(block.names, block.params, strict=True) if name == "measure"}
    for place in block.places("assign"):
        clbits.update(block.params[place][0])
    for place in block.places("if"):
        _, then, otherwise = block.params[place]
        clbits |= written_in(then) | written_in(otherwise)
    return clbits


def without_unread(block: Block) -> Block:
    """Return a block without assignments to variables that nothing reads, and without branches that do nothing then.

    A target without classical control can run what is left if nothing else needs it.
    """
    while "assign" in _words(block):
        read = _read_in(block)
        shorter = _without(block, read)
        if shorter == block:
            break
        block = shorter
    return block


def _read_in(block: Block) -> set[int]:
    """Return every classical bit that a condition or an assignment reads."""
    read: set[int] = set()
    for place in block.places("assign"):
        read |= bits_read(block.params[place][1])
    for place in block.places("if"):
        condition, *branches = block.params[place]
        read |= bits_read(condition).union(*(_read_in(branch) for branch in branches if branch is not None))
    return read


def _without(block: Block, read: set[int]) -> Block:
    kept: list[Operation] = []
    for name, qubits, params in block:
        if name == "assign" and all(clbit < 0 and clbit not in read for clbit in params[0]):
            continue
        if name == "if":
            condition, then, otherwise = params
            then, otherwise = _without(then, read), otherwise and _without(otherwise, read)
            if then.names or otherwise:
                kept.append((name, qubits, (condition, then, otherwise)))
            continue
        kept.append((name, qubits, params))
    return Block.of(kept)

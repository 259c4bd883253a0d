"""``honeywell.openqasm.v1`` (OpenQASM 2.0 with qelib1) and ``honeywell.quantum-results.v1``.

Results are ``{"c": ["01", ...]}``: for each classical register one text a shot, whose leftmost character is the
register's highest bit. Source: docs/protocol.md 6.4; the OpenQASM 2.0 paper (arXiv:1707.03429); pytket-quantinuum.

Each classical bit is written in exactly one OpenQASM register, even if the program's registers share it. Bits that are
compared together form a register, since OpenQASM 2 compares whole registers only. The layout in the job's metadata maps
the bits back.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np

from qsession_core.decoding import read_json, typed
from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary, fold
from qsession_core.formats.interface import InputFormat, Payload
from qsession_core.formats.reading.job_metadata import keys_of, layout_of
from qsession_core.formats.writing.gapped_text import GAP, GappedTemplate, GappedText, json_numbers
from qsession_core.formats.writing.lowering import GateVocabulary, symbols
from qsession_core.formats.writing.problems import nothing_measured, require_bound
from qsession_core.formats.writing.writer import Writer
from qsession_core.gates.words import GATES, decompose
from qsession_core.program import written_in
from qsession_core.results.result import Layout, Register, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qsession_core.expressions import Expression
    from qsession_core.formats.interface import JobFacts
    from qsession_core.program import Block, Operation, Program

__all__ = ["FORMAT", "INPUT", "OUTPUT", "OpenQasm2", "decode"]

OUTPUT = "honeywell.quantum-results.v1"

_WRITABLE = {
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cy", "cz", "ch", "ccx", "crz",
}  # fmt: skip
_KEYWORDS = {"opaque", "gate", "qreg", "creg", "measure", "reset", "barrier", "if", "include", "pi", "q"}
# names of qelib1.inc, and of the functions of its expressions
_TAKEN = {
    *_WRITABLE, "u1", "u2", "u3", "u", "p", "id", "sx", "sxdg", "swap", "cswap", "crx", "cry", "cu1", "cp", "cu3",
    "csx", "cu", "rxx", "rzz", "rccx", "c3x", "c3sqrtx", "c4x", "sin", "cos", "tan", "exp", "ln", "sqrt",
}  # fmt: skip
_EXTRA_KEYS = {"access_token"}  # seen in recordings beside the registers
_ONLY = "OpenQASM 2 only knows `if (register == number)` around single operations; send it as qir.v1."


def _reals(numbers: Sequence[float]) -> list[str]:
    """Write doubles as OpenQASM 2 reals, which need a point."""
    return [text if "." in text or "e" not in text else text.replace("e", ".0e") for text in json_numbers(numbers)]


FORMAT = InputFormat("honeywell.openqasm.v1", OUTPUT, "application/qasm")
INPUT = FORMAT.name


class OpenQasm2(msgspec.Struct, frozen=True):
    """Encodes programs as ``honeywell.openqasm.v1``."""

    input_data_format: str = INPUT
    keeps: frozenset[str] = frozenset()

    def encode(self, program: Program, *, profile: str = "") -> Payload:
        """Encode a program; see :class:`~qsession_core.formats.interface.Format`."""
        require_bound(program.parameters, ())
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "") -> GappedTemplate:  # noqa: ARG002 - no profiles here
        """Encode a program that has parameters once, for many bindings."""
        document = _Document(program)
        text = GappedText(document.text(), tuple(document.writer.angles), _reals)
        recorded = tuple(clbit for clbits in document.registers.values() for clbit in reversed(clbits))
        layout = Layout(program.num_clbits, program.registers, recorded, tuple(document.registers))
        metadata = {**program.metadata, Layout.KEY: layout.to_text()}
        return GappedTemplate(text, FORMAT, metadata, program.num_qubits, program.parameters)


def _partition(program: Program, compared: Sequence[tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Assign every classical bit to one register with a name that OpenQASM accepts.

    Args:
        program: The program.
        compared: Bits that a condition compares: a register of their own, in this order, if none is assigned yet.
    """
    registers: dict[str, tuple[int, ...]] = {}
    given: set[int] = set()
    named = {register.clbits: register.name for register in reversed(program.registers)}
    whole = {register.clbits for register in program.registers}
    wished = [Register(named.get(clbits, ""), clbits) for clbits in compared if given.isdisjoint(clbits)]
    wished = [register for register in wished if register.clbits not in whole] + list(program.registers)
    loose = Register("loose", tuple(range(program.num_clbits)))
    for register in (*wished, loose):
        clbits = tuple(dict.fromkeys(clbit for clbit in register.clbits if clbit not in given))
        if not clbits:
            continue
        given.update(clbits)
        name = register.name
        if not re.fullmatch(r"[a-z]\w*", name, re.ASCII) or name in _KEYWORDS | _TAKEN or name in registers:
            name = f"register_{len(registers)}"
        registers[name] = clbits
    return registers


class _Test(NamedTuple):
    """A condition that OpenQASM 2 has: some bits, the least significant first, equal a number."""

    clbits: tuple[int, ...]
    value: int


def _test_of(condition: Expression) -> _Test | Literal | None:
    """Return a folded condition as a test, or as a constant; None if it is something else."""
    match condition:
        case Literal():
            return condition
        case Bit(clbit):
            return _Test((clbit,), 1)
        case Unary("not", operand):
            test = _test_of(operand)
            return _Test(test.clbits, 1 - test.value) if isinstance(test, _Test) and len(test.clbits) == 1 else None
        case Binary("==", Literal(value), Uint(clbits)) | Binary("==", Uint(clbits), Literal(value)):
            return _Test(clbits, int(value)) if value in range(1 << len(clbits)) else Literal(value=False)
        case Binary("==", Literal(value), Bit(clbit)) | Binary("==", Bit(clbit), Literal(value)):
            return _Test((clbit,), int(value)) if value in {0, 1} else Literal(value=False)
        case Binary("!=", left, right):
            return _test_of(Unary("not", Binary("==", left, right)))
        case _:
            return None


class _Document:
    """The text of one program.

    Attributes:
        writer: What writes its operations.
        registers: The classical registers of the text: name -> bits.
    """

    def __init__(self, program: Program) -> None:
        self.writer = Writer(program, INPUT, _WORDS, sorted(_WRITABLE))
        self.writer.handlers |= {
            "measure": self._measure,
            "reset": lambda qubits, _params, _index: f"reset q[{qubits[0]}];\n",
            "barrier": _barrier,
            "if": self._if,
            "assign": self._assign,
        }
        self._written_into = written_in(self.writer.program.body)
        self.registers = _partition(self.writer.program, list(self._compared()))
        self._place = {
            clbit: f"{name}[{place}]" for name, clbits in self.registers.items() for place, clbit in enumerate(clbits)
        }

    def text(self) -> str:
        """Write everything, or raise one error that lists every problem."""
        body = self._block(self.writer.program.body)
        self.writer.raise_problems(*([] if self._written_into else [nothing_measured()]))
        head = ["OPENQASM 2.0;\n", 'include "qelib1.inc";\n', f"qreg q[{self.writer.num_qubits}];\n"]
        head += [f"creg {name}[{len(clbits)}];\n" for name, clbits in self.registers.items()]
        return "".join(head + body)

    def _block(self, block: Block) -> list[str]:
        return self.writer.write(block.names, block.qubits, block.params, range(len(block)))

    def _measure(self, qubits: tuple[int, ...], params: tuple[Any, ...], _index: int) -> str:
        return f"measure q[{qubits[0]}] -> {self._place[params[0]]};\n"

    # --- branches ----------------------------------------------------------------------------------------------

    def _known_bit(self, clbit: int) -> bool | None:
        return None if clbit in self._written_into else False

    def _compared(self) -> Iterator[tuple[int, ...]]:
        """Yield the bits of each condition that compares some."""
        body = self.writer.program.body
        for index in body.places("if"):
            with suppress(TypeError, ValueError):  # reported where the branch is written
                test = _test_of(fold(body.params[index][0], self._known_bit))
                if isinstance(test, _Test):
                    yield test.clbits

    def _assign(self, _qubits: tuple[int, ...], _params: tuple[Any, ...], index: int) -> str:
        return self.writer.refuse("assign", index, (), "OpenQASM 2 has no variables; send it as qir.v1.")

    def _if(self, _qubits: tuple[int, ...], params: tuple[Any, ...], index: int) -> str:
        condition, then, otherwise = params
        if self.writer.inside is not None:
            return self.writer.refuse("if", index, (), _ONLY)
        try:
            test = _test_of(fold(condition, self._known_bit))
        except (TypeError, ValueError) as error:
            return self.writer.refuse("if", index, (), f"{error}.")
        if isinstance(test, Literal):
            return self._branch(then if test.value else otherwise, "", index)
        name = next((name for name, clbits in self.registers.items() if test and clbits == test.clbits), None)
        if test is None or name is None or (otherwise and len(test.clbits) > 1):
            return self.writer.refuse("if", index, (), _ONLY)
        if _overwrites(then, test.clbits, otherwise) or _overwrites(otherwise, test.clbits, None):
            way_out = "a branch measures into its own condition, and later operations would see it; send it as qir.v1."
            return self.writer.refuse("if", index, (), way_out)
        complement = 1 - test.value  # of one bit
        return self._branch(then, f"if({name}=={test.value}) ", index) + self._branch(
            otherwise, f"if({name}=={complement}) ", index
        )

    def _branch(self, block: Block | None, prefix: str, index: int) -> str:
        """Write one side of a branch, the condition before each line.

        OpenQASM 2 has no conditional barrier; an unconditional one is at least as strong.
        """
        if block is None:
            return ""
        self.writer.inside = index
        lines = "".join(self._block(block)).splitlines(keepends=True)
        self.writer.inside = None
        return "".join(line if line.startswith("barrier") else prefix + line for line in lines)


def _barrier(qubits: tuple[int, ...], _params: tuple[Any, ...], _index: int) -> str:
    return f"barrier {','.join(f'q[{qubit}]' for qubit in qubits)};\n" if qubits else ""


def _overwrites(block: Block | None, clbits: tuple[int, ...], following: Block | None) -> bool:
    """Whether a block measures into its condition's bits before the last operation under this condition."""
    if block is None:
        return False
    last = len(block) - (0 if following else 1)
    return any(
        name == "measure" and params[0] in clbits
        for name, params in zip(block.names[:last], block.params[:last], strict=True)
    )


def _steps(name: str, num_qubits: int, num_params: int) -> Iterator[Operation]:
    """Write a gate in words of the language."""
    return decompose(name, range(num_qubits), symbols(num_params), _WRITABLE)


def _statement(word: str, num_qubits: int) -> str:
    """Return the statement of a gate on any qubits."""
    gaps = f"({GAP})" if GATES[word].num_params else ""
    return f"{word}{gaps} {','.join(['q[%s]'] * num_qubits)};\n"


_WORDS = GateVocabulary(_steps, _statement)


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``honeywell.quantum-results.v1``.

    Raises:
        ValueError: The bytes are not what the format says.
    """
    document = read_json(data, dict[str, Any])
    names = _names_of(document, facts.metadata)
    columns = {name: typed(document[name], list[str]) for name in names}
    shots = len(next(iter(columns.values())))
    odd = next((name for name, column in columns.items() if len(column) != shots), None)
    if odd is not None:
        raise ValueError(f"register {odd!r} has {len(columns[odd])} shots, {next(iter(columns))!r} has {shots}")
    characters = np.hstack([_matrix(name, column) for name, column in columns.items()])
    layout = layout_of(facts.metadata) or _natural(columns)
    recorded = layout.recorded or ()
    if shots and len(recorded) != characters.shape[1]:
        raise ValueError(f"each shot has {characters.shape[1]} bits, the job's layout says {len(recorded)}")
    ordered = np.full((shots, layout.num_clbits), ord("0"), np.uint8)
    if shots:
        ordered[:, list(recorded)] = characters
    return [Result(layout.num_clbits, characters=ordered, registers=layout.registers, seed_text=facts.job_id)]


def _names_of(document: Mapping[str, object], metadata: Mapping[str, str]) -> list[str]:
    """Return the names of the registers in the job's order; if its metadata has none, in the document's.

    JSON objects have no order, and the service has added other members beside the registers.
    """
    layout, keys = layout_of(metadata), keys_of(metadata)
    there = [name for name in document if name not in _EXTRA_KEYS]
    if not there:
        raise ValueError("it has no register")
    if layout is not None and layout.names is not None:
        missing = [name for name in layout.names if name not in document]
        if missing:
            raise ValueError(f"it has no register {', '.join(missing)}; it has {', '.join(there)}")
        return list(layout.names)
    if layout is None and keys is not None and all(f"m_{key}" in document for key in keys):
        return [f"m_{key}" for key in keys]
    return there


def _matrix(name: str, column: list[str]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    text = "".join(column)
    if re.search(r"[^01-]", text):
        raise ValueError(f"register {name!r} holds something else than bits")
    width = len(column[0]) if column else 0
    if any(len(bits) != width for bits in column):
        raise ValueError(f"register {name!r} has shots of different widths")
    return np.frombuffer(text.encode(), np.uint8).reshape(len(column), width)


def _natural(columns: Mapping[str, Sequence[str]]) -> Layout:
    """Return the layout of a job that has none: registers as they come, each from its highest bit to its lowest."""
    registers: list[Register] = []
    start = 0
    for name, column in columns.items():
        width = len(column[0]) if column else 0
        registers.append(Register(name.removeprefix("m_"), tuple(range(start, start + width))))
        start += width
    recorded = tuple(clbit for register in registers for clbit in reversed(register.clbits))
    return Layout(start, tuple(registers), recorded)

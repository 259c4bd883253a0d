"""``honeywell.openqasm.v1`` (OpenQASM 2.0 with qelib1) and ``honeywell.quantum-results.v1``.

Results are ``{"c": ["01", ...]}``: for each classical register one text a shot, its leftmost character the register's
highest bit. Source: the OpenQASM 2.0 paper (arXiv:1707.03429); recorded traffic of the service; pytket-quantinuum.

A classical bit is written in one OpenQASM register only, also where the program's registers share it; bits that are
compared together are one, since OpenQASM 2 compares whole registers only. The layout in the job's metadata puts the
bits together again.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.expressions import Binary, Bit, Literal, Uint, Unary, fold
from qsession_core.formats.interface import Payload
from qsession_core.formats.reading.job_metadata import keys_of, layout_of
from qsession_core.formats.reading.malformed import unreadable
from qsession_core.formats.writing.gapped_text import GAP, GappedText, json_numbers
from qsession_core.formats.writing.lowering import Forms, Vocabulary, evolved, gaps, symbols
from qsession_core.formats.writing.problems import (
    all_of,
    nothing_measured,
    placed,
    require_bound,
    shape_problem,
    unsupported,
)
from qsession_core.gates.words import GATES, decompose
from qsession_core.program import measured_in
from qsession_core.results.result import Layout, Register, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from qsession_core.expressions import Expression
    from qsession_core.formats.interface import JobFacts
    from qsession_core.formats.writing.lowering import Lowered
    from qsession_core.program import Angle, Block, Operation, Program

__all__ = ["INPUT", "OUTPUT", "OpenQasm2", "decode"]

INPUT = "honeywell.openqasm.v1"
OUTPUT = "honeywell.quantum-results.v1"

_WRITABLE = {
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cy", "cz", "ch", "ccx", "crz",
}  # fmt: skip
_KEYWORDS = {"opaque", "gate", "qreg", "creg", "measure", "reset", "barrier", "if", "include", "pi", "q"}
# names of qelib1.inc and of what an expression may call
_TAKEN = {
    *_WRITABLE, "u1", "u2", "u3", "u", "p", "id", "sx", "sxdg", "swap", "cswap", "crx", "cry", "cu1", "cp", "cu3",
    "csx", "cu", "rxx", "rzz", "rccx", "c3x", "c3sqrtx", "c4x", "sin", "cos", "tan", "exp", "ln", "sqrt",
}  # fmt: skip
_EXTRA_KEYS = {"access_token"}  # seen in recordings beside the registers
_ONLY = "OpenQASM 2 only knows `if (register == number)` around single operations; send it as qir.v1."


def _reals(numbers: Sequence[float]) -> list[str]:
    """Write doubles as OpenQASM 2 reals, which need a point."""
    return [text if "." in text or "e" not in text else text.replace("e", ".0e") for text in json_numbers(numbers)]


@dataclass(frozen=True, slots=True)
class OpenQasm2:
    """Writes ``honeywell.openqasm.v1``."""

    input_data_format: str = INPUT

    def encode(self, program: Program, *, profile: str = "Base") -> Payload:
        """Write a program; see :class:`~qsession_core.formats.interface.Format`."""
        require_bound(program.parameters, ())
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "") -> OpenQasm2Template:  # noqa: ARG002 - no profiles here
        """Write a program that has parameters once, for many bindings."""
        writer = _Writer(program)
        text = GappedText(writer.text(), tuple(writer.angles), _reals)
        recorded = tuple(clbit for clbits in writer.registers.values() for clbit in reversed(clbits))
        layout = Layout(program.num_clbits, program.registers, recorded, tuple(writer.registers))
        metadata = {**program.metadata, Layout.KEY: layout.to_text()}
        return OpenQasm2Template(text, metadata, program.num_qubits, program.parameters)


@dataclass(frozen=True, slots=True)
class OpenQasm2Template:
    """An OpenQASM text with gaps for its angles."""

    text: GappedText
    metadata: Mapping[str, str]
    num_qubits: int
    parameters: tuple[str, ...] = ()

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        require_bound(self.parameters, values)
        return Payload(
            self.text.fill(values).encode(), "application/qasm", INPUT, OUTPUT, {}, self.metadata, self.num_qubits
        )


def _partition(program: Program, compared: Sequence[tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Give every classical bit to one register with a name that OpenQASM takes.

    Args:
        program: The program.
        compared: Bits that have to be a register of their own, in this order, where they do not share any.
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


def _comparison(condition: Expression) -> tuple[tuple[int, ...], float] | None:
    """Return the bits and the number of a condition that compares them, else None."""
    match condition:
        case Bit(clbit):
            return (clbit,), 1
        case Unary("not", operand):
            found = _comparison(operand)
            return (found[0], 1 - found[1]) if found and len(found[0]) == 1 and found[1] in {0, 1} else None
        case Binary("==", Literal(value), Uint(clbits)) | Binary("==", Uint(clbits), Literal(value)):
            return clbits, value
        case Binary("==", Literal(value), Bit(clbit)) | Binary("==", Bit(clbit), Literal(value)):
            return (clbit,), value
        case Binary("!=", left, right):
            return _comparison(Unary("not", Binary("==", left, right)))
        case _:
            return None


class _Writer:
    def __init__(self, program: Program) -> None:
        self.program, self.problems = placed(program, INPUT)
        self.written_into = measured_in(self.program.body)
        self.registers = _partition(self.program, list(self._compared()))
        self.place = {
            clbit: f"{name}[{place}]" for name, clbits in self.registers.items() for place, clbit in enumerate(clbits)
        }
        self.angles: list[float | Angle] = []
        self.lines: list[str] = []
        self.forms = Forms(_WORDS)

    def text(self) -> str:
        """Write everything, or raise one error that lists every problem."""
        if not self.written_into:
            self.problems.append(nothing_measured())
        self._block(self.program.body)
        if self.problems:
            raise all_of(self.problems)
        head = ["OPENQASM 2.0;\n", 'include "qelib1.inc";\n', f"qreg q[{self.program.num_qubits}];\n"]
        head += [f"creg {name}[{len(clbits)}];\n" for name, clbits in self.registers.items()]
        return "".join(head + self.lines)

    def _block(self, block: Block, prefix: str = "", inside: int | None = None) -> None:
        """Write a block; ``prefix`` is the condition of a branch, ``inside`` the branch's place in the program."""
        append, add_angles, texts = self.lines.append, self.angles.extend, self.forms.texts
        for index, (name, qubits, params) in enumerate(block):
            text: str | None = texts[name].get(qubits)
            angles: Sequence[Any] = params
            if text is None:
                written = self.forms.known(name, qubits, params, self.program.num_qubits)
                if written is None:
                    written = self._first(name, qubits, params, index, prefix, inside)
                    if written is None:
                        continue
                text, angles = written[0], gaps(written, params)
            append("".join(prefix + line for line in text.splitlines(keepends=True)) if prefix else text)
            if angles:
                add_angles(angles)

    def _first(
        self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], index: int, prefix: str, inside: int | None
    ) -> Lowered | None:
        """Work out a gate that comes for the first time; write what is no gate, and return None."""
        match name:
            case "measure":
                self.lines.append(f"{prefix}measure q[{qubits[0]}] -> {self.place[params[0]]};\n")
            case "reset":
                self.lines.append(f"{prefix}reset q[{qubits[0]}];\n")
            case "barrier":
                if qubits:  # the language has no conditional one; an unconditional one keeps apart as well
                    self.lines.append(f"barrier {','.join(f'q[{qubit}]' for qubit in qubits)};\n")
            case "if" if inside is None:
                self._if(params, index)
            case "if":
                self._refuse(name, index, (), _ONLY, inside)
            case "pauliexp":
                try:
                    steps = evolved(qubits, params, _WRITABLE)
                except ValueError as error:
                    self._refuse(name, index, qubits, f"{error}.", inside)
                else:
                    for word, places, angles in steps:
                        self.lines.append(prefix + self.forms.pattern(word, len(places), len(angles)).on(places))
                        self.angles += angles
            case _:
                problem = shape_problem(name, qubits, params, self.program.num_qubits)
                if problem is None:
                    return self.forms.worked_out(name, qubits, params, self.program.num_qubits)
                self._refuse(name, index, qubits, problem, inside)
        return None

    # --- branches ----------------------------------------------------------------------------------------------

    def _known_bit(self, clbit: int) -> bool | None:
        return None if clbit in self.written_into else False

    def _compared(self) -> Iterator[tuple[int, ...]]:
        """Return the bits of each condition that compares some."""
        body = self.program.body
        for place, name in enumerate(body.names):
            if name == "if":
                with suppress(TypeError, ValueError):  # told where the branch is written
                    found = _comparison(fold(body.params[place][0], self._known_bit))
                    if found is not None:
                        yield found[0]

    def _if(self, params: tuple[Any, ...], index: int) -> None:
        condition, then, otherwise = params
        try:
            condition = fold(condition, self._known_bit)
        except (TypeError, ValueError) as error:
            self._refuse("if", index, (), f"{error}.")
            return
        found = _comparison(condition)
        never = found is not None and not (0 <= found[1] < 1 << len(found[0]) and found[1] == int(found[1]))
        if isinstance(condition, Literal) or never:
            chosen = then if isinstance(condition, Literal) and condition.value else otherwise
            if chosen is not None:
                self._block(chosen, "", index)
            return
        name = next((name for name, clbits in self.registers.items() if found and clbits == found[0]), None)
        if found is None or name is None or (otherwise and len(found[0]) > 1):
            self._refuse("if", index, (), _ONLY)
            return
        if _overwrites(then, found[0], otherwise) or _overwrites(otherwise, found[0], None):
            way_out = "a branch measures into its own condition, and later operations would see it; send it as qir.v1."
            self._refuse("if", index, (), way_out)
            return
        self._block(then, f"if({name}=={int(found[1])}) ", index)
        if otherwise is not None:
            self._block(otherwise, f"if({name}=={1 - int(found[1])}) ", index)

    def _refuse(self, name: str, index: int, qubits: tuple[int, ...], way_out: str, inside: int | None = None) -> None:
        self.problems.append(
            unsupported(
                INPUT,
                name,
                index if inside is None else inside,
                qubits,
                way_out,
                supported=tuple(sorted(_WRITABLE)),
                in_branch=inside is not None,
            )
        )


def _overwrites(block: Block | None, clbits: tuple[int, ...], following: Block | None) -> bool:
    """Whether a block measures into its condition's bits before the last of all operations under this condition."""
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


_WORDS = Vocabulary(_steps, _statement)


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``honeywell.quantum-results.v1``.

    Args:
        data: The bytes.
        facts: The job's.

    Raises:
        ResultFormatError: They are something else.
    """
    with unreadable(OUTPUT, facts):
        document = msgspec.json.decode(data, type=dict[str, Any])
        names = _names_of(document, facts.metadata)
        columns = {name: msgspec.convert(document[name], list[str]) for name in names}
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
    """Return the names of the registers: the job's, in its order, where it says; else all, as they come.

    JSON promises nothing about the order of members, and the service has put other things beside the registers.
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
    """Return the layout of a job without ours: registers as they come, each from its highest bit to its lowest."""
    registers: list[Register] = []
    start = 0
    for name, column in columns.items():
        width = len(column[0]) if column else 0
        registers.append(Register(name.removeprefix("m_"), tuple(range(start, start + width))))
        start += width
    recorded = tuple(clbit for register in registers for clbit in reversed(register.clbits))
    return Layout(start, tuple(registers), recorded)

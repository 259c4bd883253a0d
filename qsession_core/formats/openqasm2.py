"""``honeywell.openqasm.v1`` (OpenQASM 2.0 with qelib1) and ``honeywell.quantum-results.v1``.

Results are ``{"c": ["01", ...]}``: for each classical register one text a shot, its leftmost character the register's
highest bit. Source: the OpenQASM 2.0 paper (arXiv:1707.03429); recorded traffic of the service; pytket-quantinuum.

A classical bit is written in one OpenQASM register only, also where the program's registers share it; the layout in the
job's metadata puts them together again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.errors import ConversionError, ResultFormatError, UnsupportedOperationError
from qsession_core.formats.foreign import layout_of
from qsession_core.formats.payload import Payload
from qsession_core.formats.problems import require_bound
from qsession_core.formats.text import GAP, GappedText, json_numbers
from qsession_core.gates import lower
from qsession_core.program import Binary, Bit, Literal, Uint
from qsession_core.results import Layout, Register, Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.formats.payload import JobFacts
    from qsession_core.program import Angle, Block, Expression, Program

__all__ = ["INPUT", "OUTPUT", "OpenQasm2", "decode"]

INPUT = "honeywell.openqasm.v1"
OUTPUT = "honeywell.quantum-results.v1"

_WRITABLE = {
    "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz", "cx", "cy", "cz", "ch", "ccx", "crz",
}  # fmt: skip
_KEYWORDS = {"opaque", "gate", "qreg", "creg", "measure", "reset", "barrier", "if", "include", "pi", "q", *_WRITABLE}
_EXTRA_KEYS = {"access_token"}  # seen in recordings beside the registers


def _reals(numbers: Sequence[float]) -> list[str]:
    """Write doubles as OpenQASM 2 reals, which need a point."""
    return [text if "." in text or "e" not in text else text.replace("e", ".0e") for text in json_numbers(numbers)]


@dataclass(frozen=True, slots=True)
class OpenQasm2:
    """Writes ``honeywell.openqasm.v1``."""

    input_data_format: str = INPUT

    def encode(self, program: Program, *, profile: str = "Base") -> Payload:
        """Write a program; see :class:`~qsession_core.formats.payload.Format`."""
        require_bound(program.parameters, ())
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "Base") -> OpenQasm2Template:  # noqa: ARG002 - the format has no profiles
        """Write a program that has parameters once, for many bindings."""
        writer = _Writer(program)
        text = GappedText(writer.text(), tuple(writer.angles), _reals)
        recorded = tuple(clbit for clbits in writer.registers.values() for clbit in reversed(clbits))
        layout = Layout(program.num_clbits, program.registers, recorded)
        return OpenQasm2Template(text, {**program.metadata, Layout.KEY: layout.to_text()}, program.num_qubits)


@dataclass(frozen=True, slots=True)
class OpenQasm2Template:
    """An OpenQASM text with gaps for its angles."""

    text: GappedText
    metadata: Mapping[str, str]
    num_qubits: int

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        return Payload(
            self.text.fill(values).encode(), "application/qasm", INPUT, OUTPUT, {}, self.metadata, self.num_qubits
        )


def _partition(program: Program) -> dict[str, tuple[int, ...]]:
    """Give every classical bit to one register with a name that OpenQASM takes."""
    registers: dict[str, tuple[int, ...]] = {}
    given: set[int] = set()
    loose = Register("loose", tuple(range(program.num_clbits)))
    for register in (*program.registers, loose):
        clbits = tuple(clbit for clbit in register.clbits if clbit not in given)
        if not clbits:
            continue
        given.update(clbits)
        name = register.name
        if not re.fullmatch(r"[a-z]\w*", name, re.ASCII) or name in _KEYWORDS or name in registers:
            name = f"register_{len(registers)}"
        registers[name] = clbits
    return registers


class _Writer:
    def __init__(self, program: Program) -> None:
        self.program = program
        self.registers = _partition(program)
        self.place = {
            clbit: f"{name}[{place}]" for name, clbits in self.registers.items() for place, clbit in enumerate(clbits)
        }
        self.angles: list[float | Angle] = []
        self.problems: list[ConversionError] = []
        self.lines: list[str] = []

    def text(self) -> str:
        """Write everything, or raise one error that lists every problem."""
        if "measure" not in self.program.words:
            self.problems.append(
                ConversionError("The program measures nothing, so there is nothing to return; add a measurement.")
            )
        self._block(self.program.body, "")
        if self.problems:
            raise ConversionError.of(self.problems)
        head = ["OPENQASM 2.0;\n", 'include "qelib1.inc";\n', f"qreg q[{self.program.num_qubits}];\n"]
        head += [f"creg {name}[{len(clbits)}];\n" for name, clbits in self.registers.items()]
        return "".join(head + self.lines)

    def _block(self, block: Block, prefix: str) -> None:
        for index, (name, qubits, params) in enumerate(block):
            match name:
                case "measure":
                    self.lines.append(f"{prefix}measure q[{qubits[0]}] -> {self.place[params[0]]};\n")
                case "reset" | "barrier":
                    if qubits:
                        self.lines.append(f"{prefix}{name} {_qubits(qubits)};\n")
                case "if":
                    self._if(params, index, nested=bool(prefix))
                case _:
                    self._gate(name, qubits, params, index, prefix)

    def _gate(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], index: int, prefix: str) -> None:
        try:
            for word, places, angles in lower(name, qubits, params, _WRITABLE):
                gap = f"({GAP})" if angles else ""
                self.lines.append(f"{prefix}{word}{gap} {_qubits(places)};\n")
                self.angles.extend(angles)
        except KeyError:
            self._refuse(name, index, qubits, "decompose it into standard gates first.")

    def _if(self, params: tuple[Any, ...], index: int, *, nested: bool) -> None:
        condition, then, otherwise = params
        register = self._register_equals(condition)
        if register is None or otherwise is not None or nested:
            way_out = "OpenQASM 2 only knows `if (register == number)` around single operations; send it as qir.v1."
            self._refuse("if", index, (), way_out)
            return
        name, value = register
        self._block(then, f"if({name}=={value}) ")

    def _register_equals(self, condition: Expression) -> tuple[str, int] | None:
        """Return the register and number of a condition that OpenQASM 2 can write, else None."""
        wanted: tuple[int, ...]
        match condition:
            case Bit(clbit):
                wanted, value = (clbit,), 1
            case Binary("==", Uint(clbits), Literal(number)):
                wanted, value = clbits, int(number)
            case _:
                return None
        return next(((name, value) for name, clbits in self.registers.items() if clbits == wanted), None)

    def _refuse(self, name: str, index: int, qubits: tuple[int, ...], way_out: str) -> None:
        where = f" on qubits {', '.join(map(str, qubits))}" if qubits else ""
        self.problems.append(
            UnsupportedOperationError(
                f"Operation {index}, {name}{where}, cannot be written as {INPUT}: {way_out}",
                operation=name,
                index=index,
                qubits=qubits,
                format=INPUT,
                supported=tuple(sorted(_WRITABLE)),
            )
        )


def _qubits(qubits: tuple[int, ...]) -> str:
    return ",".join(f"q[{qubit}]" for qubit in qubits)


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``honeywell.quantum-results.v1``.

    Args:
        data: The bytes.
        facts: The job's.

    Raises:
        ResultFormatError: They are something else.
    """
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
        names = [name for name in document if name not in _EXTRA_KEYS]
        columns = [msgspec.convert(document[name], list[str]) for name in names]
        if not names:
            raise ValueError("it has no register")  # noqa: TRY301 - told like the others
        if len({len(column) for column in columns}) > 1:
            raise ValueError("its registers have different numbers of shots")  # noqa: TRY301
        characters = np.hstack([_matrix(name, column) for name, column in zip(names, columns, strict=True)])
        layout = layout_of(facts.metadata) or _natural(names, columns)
        recorded = layout.recorded or ()
        if len(recorded) != characters.shape[1]:
            raise ValueError(f"each shot has {characters.shape[1]} bits, the job's layout says {len(recorded)}")  # noqa: TRY301
    except (msgspec.MsgspecError, ValueError) as error:
        raise ResultFormatError(
            f"The result of job {facts.job_id} is not {OUTPUT}: {error}.",
            format=OUTPUT,
            problem=str(error),
            job_id=facts.job_id,
        ) from error
    ordered = np.full((len(characters), layout.num_clbits), ord("0"), np.uint8)
    ordered[:, list(recorded)] = characters
    return [Result(layout.num_clbits, characters=ordered, registers=layout.registers, seed_text=facts.job_id)]


def _matrix(name: str, column: list[str]) -> np.ndarray[Any, np.dtype[np.uint8]]:
    text = "".join(column)
    if re.search(r"[^01-]", text) or len({len(bits) for bits in column}) > 1:
        raise ValueError(f"register {name!r} holds something else than bits of one width")
    return np.frombuffer(text.encode(), np.uint8).reshape(len(column), -1)


def _natural(names: Sequence[str], columns: Sequence[Sequence[str]]) -> Layout:
    """Return the layout of a job without ours: registers as they come, each from its highest bit to its lowest."""
    registers: list[Register] = []
    start = 0
    for name, column in zip(names, columns, strict=True):
        width = len(column[0]) if column else 0
        registers.append(Register(name.removeprefix("m_"), tuple(range(start, start + width))))
        start += width
    recorded = tuple(clbit for register in registers for clbit in reversed(register.clbits))
    return Layout(start, tuple(registers), recorded)

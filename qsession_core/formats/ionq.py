"""``ionq.circuit.v1`` and ``ionq.quantum-results.v1``.

Source: IonQ's documentation, "Writing quantum circuits" and "Getting started with native gates", and recorded traffic.

* Gate set ``qis``: angles in radians under ``rotation``; any gate but ``swap`` and the two-qubit rotations takes up to
  seven controls. A phase gate is never written as ``z`` with a rotation, whose meaning on the service is not
  documented: it is a rotation about z, with the rest of its phase on its controls.
* Gate set ``native``: ``gpi``, ``gpi2``, ``ms``, ``zz``; phases and angles in turns.
* The circuit has no measurements: all qubits are measured at the end. Which classical bit reads which qubit travels in
  the metadata under ``meas_map``, the official client's key.
* Results: ``{"histogram": {"2": 0.5, ...}}``; the key is a decimal number whose bit i is qubit i.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.formats.interface import JobFacts, Payload
from qsession_core.formats.reading.job_metadata import readout_of
from qsession_core.formats.reading.malformed import unreadable
from qsession_core.formats.writing.deferral import separating
from qsession_core.formats.writing.evolution import checked
from qsession_core.formats.writing.gapped_text import GAP, GappedText, json_numbers
from qsession_core.formats.writing.lowering import Forms, Vocabulary, gaps, symbols
from qsession_core.formats.writing.problems import (
    all_of,
    nothing_measured,
    placed,
    require_bound,
    shape_problem,
    unsupported,
)
from qsession_core.gates.controls import without_controls
from qsession_core.gates.words import decompose
from qsession_core.program import Angle
from qsession_core.results.result import Layout, Result
from qsession_core.results.rows import merged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from qsession_core.formats.writing.lowering import Lowered
    from qsession_core.program import Block, Operation, Program

__all__ = ["INPUT", "OUTPUT", "IonQCircuit", "decode"]

_log = logging.getLogger(__name__)

INPUT = "ionq.circuit.v1"
OUTPUT = "ionq.quantum-results.v1"
MAX_CONTROLS = 7

# Gate word -> IonQ's name, for gates without controls
_QIS = {
    "x": "x", "y": "y", "z": "z", "h": "h", "s": "s", "sdg": "si", "t": "t", "tdg": "ti", "sx": "v", "sxdg": "vi",
    "rx": "rx", "ry": "ry", "rz": "rz", "swap": "swap", "rxx": "xx", "ryy": "yy", "rzz": "zz",
}  # fmt: skip
_NOT_CONTROLLED = {"swap", "rxx", "ryy", "rzz"}
_NATIVE = {"gpi", "gpi2", "ms", "zz"}
_IDLE = {"measure", "barrier", "id"}


class _Writable:
    """The gate words of the qis set, those with up to seven controls included, and cp."""

    def __contains__(self, name: object) -> bool:
        target, controls = without_controls(str(name))
        if controls == 0:
            return target in _QIS
        return name == "cp" or (target in _QIS and target not in _NOT_CONTROLLED and controls <= MAX_CONTROLS)


_WRITABLE = _Writable()


def _native_steps(name: str, num_qubits: int, num_params: int) -> Iterator[Operation]:
    """Write a native gate as itself."""
    yield name, tuple(range(num_qubits)), symbols(num_params)


def _qis_steps(name: str, num_qubits: int, num_params: int) -> Iterator[Operation]:
    """Write a gate in words of the qis set."""
    for word, places, angles in decompose(name, range(num_qubits), symbols(num_params), _WRITABLE):
        if word == "cp":  # a controlled phase is a controlled rotation, and half its angle on the control
            yield "crz", places, angles
            yield "rz", places[:1], (angles[0] / 2,)
        else:
            yield word, places, angles


def _qis_text(name: str, num_qubits: int) -> str:
    """Write one operation of the qis set on any qubits, with a gap for its angle if it has one."""
    target, num_controls = without_controls(name)
    controls = f',"controls":{_anywhere(num_controls)}' if num_controls else ""
    rotation = f',"rotation":{GAP}' if target.startswith("r") else ""
    return f'{{"gate":"{_QIS[target]}"{controls},"targets":{_anywhere(num_qubits - num_controls)}{rotation}}},'


def _native_text(name: str, num_qubits: int) -> str:
    """Write one operation of the native set on any qubits, with gaps for its phases and angle."""
    if num_qubits == 1:
        return f'{{"gate":"{name}","target":%s,"phase":{GAP}}},'
    if name == "ms":
        return f'{{"gate":"ms","targets":{_anywhere(2)},"phases":[{GAP},{GAP}],"angle":{GAP}}},'
    return f'{{"gate":"zz","targets":{_anywhere(2)},"angle":{GAP}}},'


_QIS_WORDS = Vocabulary(_qis_steps, _qis_text)
_NATIVE_WORDS = Vocabulary(_native_steps, _native_text)


def _anywhere(num_qubits: int) -> str:
    return "[" + ",".join(["%s"] * num_qubits) + "]"


def _ints(numbers: Sequence[int]) -> str:
    return "[" + ",".join(map(str, numbers)) + "]"


@dataclass(frozen=True, slots=True)
class IonQCircuit:
    """Writes ``ionq.circuit.v1``.

    Attributes:
        gateset: ``"qis"`` or ``"native"``.
    """

    gateset: str = "qis"
    input_data_format: str = INPUT

    def encode(self, program: Program, *, profile: str = "Base") -> Payload:
        """Write a program; see :class:`~qsession_core.formats.interface.Format`."""
        require_bound(program.parameters, ())
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "Base") -> IonQTemplate:  # noqa: ARG002 - IonQ JSON has no profiles
        """Write a program that has parameters once, for many bindings."""
        writer = _Writer(self.gateset, program)
        operations = writer.operations()
        while operations and not operations[-1]:  # a measurement, say
            operations.pop()
        if operations:
            operations[-1] = operations[-1].removesuffix(",")
        head = f'{{"gateset":"{self.gateset}","qubits":{program.num_qubits},"circuit":['
        text = GappedText("".join([head, *operations, "]}"]), tuple(writer.angles), json_numbers)
        return IonQTemplate(text, _metadata(program), program.num_qubits, program.parameters)


@dataclass(frozen=True, slots=True)
class IonQTemplate:
    """An IonQ circuit with gaps for its angles."""

    text: GappedText
    metadata: Mapping[str, str]
    num_qubits: int
    parameters: tuple[str, ...] = ()

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        require_bound(self.parameters, values)
        return Payload(
            self.text.fill(values).encode(), "application/json", INPUT, OUTPUT, {}, self.metadata, self.num_qubits
        )


def _metadata(program: Program) -> dict[str, str]:
    return {
        **program.metadata,
        "meas_map": msgspec.json.encode(program.readout).decode(),
        Layout.KEY: Layout(program.num_clbits, program.registers).to_text(),
    }


_NOTHING: Lowered = ("", ())


class _Writer:
    """One circuit's operations as text, and the angles for its gaps."""

    def __init__(self, gateset: str, program: Program) -> None:
        self.native = gateset == "native"
        self.program, self.problems = placed(program, INPUT)
        self.angles: list[float | Angle] = []
        self.forms = Forms(_NATIVE_WORDS if self.native else _QIS_WORDS)

    def operations(self) -> list[str]:
        """Write all operations, one text each, or raise one error that lists every problem."""
        pieces: list[str] = []
        append, add_angles, texts = pieces.append, self.angles.extend, self.forms.texts
        body = self.program.body
        for name, qubits, params in zip(body.names, body.qubits, body.params, strict=True):
            text = texts[name].get(qubits)
            if text is not None:
                append(text)
                if params:
                    add_angles(params)
                continue
            written = self.forms.known(name, qubits, params, self.program.num_qubits) or self._first(
                name, qubits, params, len(pieces)
            )
            append(written[0])
            add_angles(gaps(written, params))
        self._check_measurements()
        if self.problems:
            raise all_of(self.problems)
        dropped = sorted(separating(body.names, body.qubits)) if "barrier" in self.program.words else []
        if dropped:
            _log.warning(
                "%s: IonQ JSON has no barriers; those at operations %s were left out, and the provider may merge the "
                "gates around them.",
                self.program.name,
                ", ".join(map(str, dropped)),
            )
        return pieces

    def _first(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], index: int) -> Lowered:
        """Work out an operation whose text is not known."""
        match name:
            case "measure" | "reset" | "barrier" | "id":  # all that is measured is so at the end; see the check there
                return _NOTHING
            case "if":
                way_out = "IonQ JSON has no classical control; send it as qir.v1 to a target with an Adaptive profile."
                self._refuse(name, index, (), way_out)
                return _NOTHING
            case "pauliexp" if not self.native:
                try:
                    return _pauliexp(qubits, params)
                except ValueError as error:
                    self._refuse(name, index, qubits, f"{error}; correct it.")
                    return _NOTHING
        problem = self._problem(name, qubits, params)
        if problem is not None:
            self._refuse(name, index, qubits, problem)
            return _NOTHING
        return self.forms.worked_out(name, qubits, params, self.program.num_qubits)

    def _problem(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...]) -> str | None:
        if self.native and name not in _NATIVE:
            return "the native gate set has gpi, gpi2, ms and zz; transpile the circuit to them, or use gate set qis."
        return shape_problem(name, qubits, params, self.program.num_qubits)

    def _refuse(self, name: str, index: int, qubits: tuple[int, ...], way_out: str) -> None:
        supported = tuple(sorted(_NATIVE) if self.native else _QIS)
        self.problems.append(unsupported(INPUT, name, index, qubits, way_out, supported=supported))

    def _check_measurements(self) -> None:
        """All qubits are measured at the very end, so nothing may happen to a measured qubit, and nothing is reset."""
        body, words = self.program.body, self.program.words
        if "measure" not in words:
            self.problems.append(nothing_measured())
        for index in _effective_resets(body) if "reset" in words else ():
            way_out = "IonQ JSON has no reset; use another qubit, or send it as qir.v1, which does so for you."
            self._refuse("reset", index, body.qubits[index], way_out)
        measured: set[int] = set()
        first = next(body.places("measure"), len(body))
        for index in range(first, len(body)):
            name, qubits = body.names[index], body.qubits[index]
            if name == "measure":
                measured.add(qubits[0])
            elif name not in {"barrier", "id", "reset"} and not measured.isdisjoint(qubits):
                again = ", ".join(str(qubit) for qubit in qubits if qubit in measured)
                way_out = (
                    f"qubit {again} was measured before it, and IonQ JSON measures only at the end; "
                    "send it as qir.v1, which measures a copy."
                )
                self._refuse(name, index, qubits, way_out)


def _effective_resets(body: Block) -> list[int]:
    """Return the places of the resets that change something: their qubit was touched before and is used afterwards."""
    touched: set[int] = set()
    candidates = []
    for index, (name, qubits) in enumerate(zip(body.names, body.qubits, strict=True)):
        if name == "reset":
            if qubits[0] in touched:
                candidates.append(index)
        elif name not in _IDLE:
            touched.update(qubits)
    used: set[int] = set()
    effective = []
    for index in range(len(body) - 1, -1, -1):
        name, qubits = body.names[index], body.qubits[index]
        if name == "reset":
            if candidates and candidates[-1] == index:
                candidates.pop()
                if qubits[0] in used:
                    effective.append(index)
            used.discard(qubits[0])
        elif name not in {"barrier", "id"}:
            used.update(qubits)
    return effective[::-1]


_TIME = 2  # the place of the time among the parameters of a pauliexp


def _pauliexp(qubits: tuple[int, ...], params: tuple[Any, ...]) -> Lowered:
    """Write an evolution over one unit of time: IonQ takes no negative time, but any coefficient."""
    terms, coefficients, _ = checked(qubits, params)
    quoted = ",".join(f'"{term}"' for term in terms)
    gaps = ",".join([GAP] * len(coefficients))
    text = f'{{"gate":"pauliexp","targets":{_ints(qubits)},"terms":[{quoted}],"coefficients":[{gaps}],"time":1}},'
    return text, tuple(Angle(((_TIME, coefficient),)) for coefficient in coefficients)


# --- results -------------------------------------------------------------------------------------------------------


_NUMBER = re.compile("0|[1-9][0-9]*")
_ODD_NUMBER = re.compile(r"[^0-9,]|(?:^|,)0[0-9]")  # somewhere between commas


class _Histogram(msgspec.Struct):
    histogram: dict[str, float]


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``ionq.quantum-results.v1``.

    Args:
        data: The bytes.
        facts: The job's; ``meas_map`` in its metadata says which qubit each classical bit reads. Without it,
            classical bit i is qubit i.

    Raises:
        ResultFormatError: They are something else.
    """
    with unreadable(OUTPUT, facts):
        histogram = msgspec.json.decode(data, type=_Histogram).histogram
        keys, widest = _numbers(histogram)
        readout, registers = readout_of(facts.metadata, widest)
        weights = np.fromiter(histogram.values(), np.float64, len(histogram))
        if not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
            raise ValueError("its probabilities are not positive numbers")
        rows = np.full((len(keys), len(readout)), ord("0"), np.uint8)
        for clbit, qubit in enumerate(readout):
            if qubit is not None and qubit < widest:
                rows[:, clbit] += ((keys >> qubit) & 1).astype(np.uint8)
        distribution = merged(rows, weights)
    return [
        Result(
            len(readout),
            distribution=distribution,
            shots=facts.shots or 0,
            registers=registers,
            seed_text=facts.job_id,
        )
    ]


def _numbers(histogram: Mapping[str, float]) -> tuple[NDArray[Any], int]:
    """Return the histogram's keys as numbers, and how many bits the largest has."""
    if _ODD_NUMBER.search(",".join(histogram)) or "" in histogram:
        odd = next(key for key in histogram if not _NUMBER.fullmatch(key))
        raise ValueError(f"the key {odd[:40]!r} is no decimal number")
    numbers = list(map(int, histogram))
    largest = max(numbers, default=0)
    return np.array(numbers, dtype=np.uint64 if largest < 1 << 64 else object), largest.bit_length()

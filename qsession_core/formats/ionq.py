"""``ionq.circuit.v1`` and ``ionq.quantum-results.v1``.

**No angle is scaled here**: gate set ``qis`` takes radians, like the gate words. Gate set ``native`` takes turns, as do
the words gpi, gpi2, ms and zz (:mod:`qsession_core.gates.words`).

* Gate set ``qis``: angles under ``rotation``; any gate but ``swap`` and the two-qubit rotations takes up to seven
  controls. A phase gate is never written as ``z`` with a rotation, whose meaning on the service is not documented: it
  is a rotation about z, with the rest of its phase on its controls.
* Gate set ``native``: ``gpi``, ``gpi2``, ``ms``, ``zz`` with phases and angles.
* The circuit has no measurements: all qubits are measured at the end. Which classical bit reads which qubit travels in
  the metadata under ``meas_map``, the official client's key.
* Results: ``{"histogram": {"2": 0.5, ...}}``; the key is a decimal number whose bit i is qubit i.

Source: docs/protocol.md 6.1 and 6.2; IonQ's documentation, "Writing quantum circuits" and "Getting started with native
gates".
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.decoding import read_json
from qsession_core.formats.interface import CONTROLS, EVOLUTION, InputFormat, JobFacts, Payload
from qsession_core.formats.reading.job_metadata import readout_of
from qsession_core.formats.writing.deferral import separating
from qsession_core.formats.writing.evolution import checked
from qsession_core.formats.writing.gapped_text import GAP, GappedTemplate, GappedText, json_numbers
from qsession_core.formats.writing.lowering import GateVocabulary, symbols
from qsession_core.formats.writing.problems import nothing_measured, require_bound, shape_problem
from qsession_core.formats.writing.writer import Handler, Writer
from qsession_core.gates.controls import without_controls
from qsession_core.gates.words import decompose
from qsession_core.logs import logger
from qsession_core.results.result import Layout, Result
from qsession_core.results.rows import merge_numbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from qsession_core.errors import ConversionError
    from qsession_core.program import Block, Operation, Program

__all__ = ["FORMAT", "INPUT", "OUTPUT", "IonQCircuit", "decode"]

_log = logger(__name__)

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
_ONLY_NATIVE = "the native gate set has gpi, gpi2, ms and zz; transpile the circuit to them, or use gate set qis."


class _Writable:
    """The gate words of the qis set, with up to seven controls, and cp."""

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
        if word == "cp":  # a controlled rotation, and half the angle on the control
            yield "crz", places, angles
            yield "rz", places[:1], (angles[0] / 2,)
        else:
            yield word, places, angles


def _qis_text(name: str, num_qubits: int) -> str:
    """Return one operation of the qis set on any qubits, with a gap for its angle if it has one."""
    target, num_controls = without_controls(name)
    controls = f',"controls":{_anywhere(num_controls)}' if num_controls else ""
    rotation = f',"rotation":{GAP}' if target.startswith("r") else ""
    return f'{{"gate":"{_QIS[target]}"{controls},"targets":{_anywhere(num_qubits - num_controls)}{rotation}}},'


def _native_text(name: str, num_qubits: int) -> str:
    """Return one operation of the native set on any qubits, with gaps for its phases and angle."""
    if num_qubits == 1:
        return f'{{"gate":"{name}","target":%s,"phase":{GAP}}},'
    if name == "ms":
        return f'{{"gate":"ms","targets":{_anywhere(2)},"phases":[{GAP},{GAP}],"angle":{GAP}}},'
    return f'{{"gate":"zz","targets":{_anywhere(2)},"angle":{GAP}}},'


_QIS_WORDS = GateVocabulary(_qis_steps, _qis_text)
_NATIVE_WORDS = GateVocabulary(_native_steps, _native_text)


def _anywhere(num_qubits: int) -> str:
    return "[" + ",".join(["%s"] * num_qubits) + "]"


FORMAT = InputFormat("ionq.circuit.v1", OUTPUT, "application/json")
INPUT = FORMAT.name


class IonQCircuit(msgspec.Struct, frozen=True):
    """Encodes programs as ``ionq.circuit.v1``.

    Attributes:
        gateset: ``"qis"`` or ``"native"``.
    """

    gateset: str = "qis"
    input_data_format: str = INPUT

    @property
    def keeps(self) -> frozenset[str]:
        """The large operations that it writes as one; see :class:`~qsession_core.formats.interface.Format`."""
        return frozenset() if self.gateset == "native" else frozenset({CONTROLS, EVOLUTION})

    def encode(self, program: Program, *, profile: str = "") -> Payload:
        """Encode a program; see :class:`~qsession_core.formats.interface.Format`."""
        require_bound(program.parameters, ())
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "") -> GappedTemplate:  # noqa: ARG002 - IonQ JSON has no profiles
        """Encode a program that has parameters once, for many bindings."""
        circuit = _Circuit(self.gateset, program)
        operations = circuit.operations()
        while operations and not operations[-1]:  # a measurement, say
            operations.pop()
        if operations:
            operations[-1] = operations[-1].removesuffix(",")
        head = f'{{"gateset":"{self.gateset}","qubits":{program.num_qubits},"circuit":['
        text = GappedText("".join([head, *operations, "]}"]), tuple(circuit.writer.angles), json_numbers)
        metadata = {
            **program.metadata,
            "meas_map": msgspec.json.encode(program.readout).decode(),
            Layout.KEY: Layout(program.num_clbits, program.registers).to_text(),
        }
        return GappedTemplate(text, FORMAT, metadata, program.num_qubits, program.parameters)


@cache
def tell_of_barriers() -> None:
    """Warn that barriers are left out: once in a process, because a loop may send a thousand circuits with them."""
    _log.warning(
        "IonQ JSON has no barriers; those that keep gates apart are left out, and the provider may merge the gates "
        "around them. This is said once; at level INFO each circuit says which."
    )


class _Circuit:
    """The operations of one circuit."""

    def __init__(self, gateset: str, program: Program) -> None:
        if gateset == "native":
            self.writer = Writer(program, INPUT, _NATIVE_WORDS, sorted(_NATIVE), _native_problem)
            self.writer.handlers[EVOLUTION] = self._no_evolution
        else:
            self.writer = Writer(program, INPUT, _QIS_WORDS, tuple(_QIS))
            self.writer.handlers[EVOLUTION] = self._evolution
        # IonQ measures all qubits at the end; _check_measurements rejects the rest
        self.writer.handlers |= dict.fromkeys(("measure", "reset", "barrier", "id"), _nothing)
        self.writer.handlers |= {"if": self._classical("if"), "assign": self._classical("assign")}

    def operations(self) -> list[str]:
        """Write all operations, one text each, or raise one error that lists every problem."""
        program, body = self.writer.program, self.writer.program.body
        pieces = self.writer.write(body.names, body.qubits, body.params, range(len(body)))
        self.writer.raise_problems(*self._check_measurements())
        dropped = sorted(separating(body.names, body.qubits)) if "barrier" in program.words else []
        if dropped:
            tell_of_barriers()
            _log.info("%s: the barriers at operations %s were left out", program.name, ", ".join(map(str, dropped)))
        return pieces

    def _classical(self, name: str) -> Handler:
        way_out = "IonQ JSON has no classical control; send it as qir.v1 to a target with an Adaptive profile."
        return lambda _qubits, _params, index: self.writer.refuse(name, index, (), way_out)

    def _no_evolution(self, qubits: tuple[int, ...], _params: tuple[Any, ...], index: int) -> str:
        return self.writer.refuse(EVOLUTION, index, qubits, _ONLY_NATIVE)

    def _evolution(self, qubits: tuple[int, ...], params: tuple[Any, ...], index: int) -> str:
        """Write an evolution over one unit of time: IonQ rejects a negative time, but takes any coefficient."""
        try:
            terms, coefficients, time = checked(qubits, params)
        except ValueError as error:
            return self.writer.refuse(EVOLUTION, index, qubits, f"{error}; correct it.")
        self.writer.angles += [time * coefficient for coefficient in coefficients]
        quoted = ",".join(f'"{term}"' for term in terms)
        gaps = ",".join([GAP] * len(coefficients))
        targets = ",".join(map(str, qubits))
        return f'{{"gate":"pauliexp","targets":[{targets}],"terms":[{quoted}],"coefficients":[{gaps}],"time":1}},'

    def _check_measurements(self) -> list[ConversionError]:
        """Refuse operations on measured qubits, and resets: all qubits are measured at the very end."""
        body, words = self.writer.program.body, self.writer.program.words
        for index in _effective_resets(body) if "reset" in words else ():
            way_out = "IonQ JSON has no reset; use another qubit, or send it as qir.v1, which does so for you."
            self.writer.refuse("reset", index, body.qubits[index], way_out)
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
                self.writer.refuse(name, index, qubits, way_out)
        return [] if "measure" in words else [nothing_measured()]


def _nothing(_qubits: tuple[int, ...], _params: tuple[Any, ...], _index: int) -> str:
    return ""


def _native_problem(name: str, qubits: tuple[int, ...], params: tuple[Any, ...], num_qubits: int) -> str | None:
    return shape_problem(name, qubits, params, num_qubits) if name in _NATIVE else _ONLY_NATIVE


def _effective_resets(body: Block) -> list[int]:
    """Return the indices of resets whose qubit has gates before and operations after them; others change nothing."""
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


# --- results -------------------------------------------------------------------------------------------------------


_NUMBER = re.compile("0|[1-9][0-9]*")


class _Histogram(msgspec.Struct):
    histogram: dict[int, float]


class _AnyHistogram(msgspec.Struct):
    histogram: dict[str, float]


_HEAD = re.compile(rb'\s*\{\s*"histogram"\s*:\s*\{')
_TAIL = re.compile(rb"\}\s*\}\s*")
_PIECE = 1 << 20  # bytes of a document that are objects of Python at the same time


def decode(data: bytes, facts: JobFacts) -> list[Result]:
    """Read ``ionq.quantum-results.v1``.

    ``meas_map`` in the job's metadata says which qubit each classical bit reads; without it, bit i reads qubit i.

    Raises:
        ValueError: The bytes are not what the format says.
    """
    keys, weights = _columns(data)
    widest = int(keys.max()).bit_length() if len(keys) else 0
    readout, registers = readout_of(facts.metadata, widest)
    if not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise ValueError("its probabilities are not positive numbers")
    bits = [qubit if qubit is not None and qubit < widest else None for qubit in readout]
    distribution = merge_numbers(keys, weights, bits)
    return [
        Result(
            len(readout),
            distribution=distribution,
            shots=facts.likely_shots,
            shots_are_assumed=facts.are_assumed,
            registers=registers,
            seed_text=facts.job_id,
        )
    ]


def _columns(data: bytes) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the histogram's keys as numbers, of dtype object if one has more than 64 bits, and their weights.

    Raises:
        ValueError: It is no such document, or a key is no decimal number.
    """
    parts = []
    try:
        for piece in _pieces(data):
            part = read_json(piece, _Histogram).histogram
            parts.append((np.fromiter(part, np.int64, len(part)), np.fromiter(part.values(), np.float64, len(part))))
    except (ValueError, OverflowError):  # a key is no number, or has more than 63 bits
        return _columns_of(data)
    if not parts:
        return _columns_of(data)
    keys, weights = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    # rfind takes a quarter of the time of find
    if keys.min(initial=0) < 0 or data.rfind(b'"-0"') >= 0:
        return _columns_of(data)
    return keys.view(np.uint64), weights


def _pieces(data: bytes) -> Iterator[bytes]:
    """Yield a large document as several smaller ones, cut between members; another one as it is."""
    head = _HEAD.match(data)
    tail = _TAIL.search(data, len(data) - 64) if len(data) > _PIECE else None
    if head is None or tail is None or tail.end() != len(data):
        yield data
        return
    start = head.end()
    while start < tail.start():
        end = data.find(b',"', min(start + _PIECE, tail.start()), tail.start())
        end = tail.start() if end < 0 else end
        yield b'{"histogram":{' + data[start:end] + b"}}"
        start = end + 1


def _columns_of(data: bytes) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Read keys one by one, whatever their width, and name one that is odd."""
    histogram = read_json(data, _AnyHistogram).histogram
    odd = next((key for key in histogram if not _NUMBER.fullmatch(key)), None)
    if odd is not None:
        raise ValueError(f"the key {odd[:40]!r} is not a decimal number")
    numbers = list(map(int, histogram))
    kind = np.uint64 if max(numbers, default=0) < 1 << 64 else object
    return np.array(numbers, dtype=kind), np.fromiter(histogram.values(), np.float64, len(histogram))

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

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from qsession_core.errors import ConversionError, ResultFormatError, UnsupportedOperationError
from qsession_core.formats.foreign import readout_of
from qsession_core.formats.payload import JobFacts, Payload
from qsession_core.formats.text import GAP, GappedText, json_numbers, require_bound
from qsession_core.gates import UNCONTROLLED, controlled, lower
from qsession_core.results import Layout, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from qsession_core.program import Angle, Operation, Program

__all__ = ["INPUT", "OUTPUT", "IonQCircuit", "decode"]

INPUT = "ionq.circuit.v1"
OUTPUT = "ionq.quantum-results.v1"
MAX_CONTROLS = 7

# Gate word -> IonQ's name, for gates without controls
_QIS = {
    "x": "x", "y": "y", "z": "z", "h": "h", "s": "s", "sdg": "si", "t": "t", "tdg": "ti", "sx": "v", "sxdg": "vi",
    "rx": "rx", "ry": "ry", "rz": "rz", "swap": "swap", "rxx": "xx", "ryy": "yy", "rzz": "zz",
}  # fmt: skip
_NOT_CONTROLLED = {"swap", "rxx", "ryy", "rzz"}
_NATIVE = {"gpi": ("phase",), "gpi2": ("phase",), "ms": ("phases", "phases", "angle"), "zz": ("angle",)}
_MANY = re.compile(r"ctrl\((\d+)\) @ (\w+)")


class _Writable:
    """The gate words of the qis set, those with up to seven controls included."""

    def __contains__(self, name: object) -> bool:
        target, controls = _split(str(name))
        return target in _QIS and (controls == 0 or (target not in _NOT_CONTROLLED and controls <= MAX_CONTROLS))


def _split(name: str) -> tuple[str, int]:
    """Return a gate word's target and its number of controls."""
    found = _MANY.fullmatch(name)
    return (found[2], int(found[1])) if found else UNCONTROLLED.get(name, (name, 0))


_WRITABLE = _Writable()


def _phase(name: str, qubits: tuple[int, ...], params: tuple[Any, ...]) -> Iterator[Operation]:
    """Write a phase gate under n controls as rotations about z under n, n - 1, ... 0 controls."""
    controls = _split(name)[1]
    (angle,) = params
    while True:
        yield controlled("rz", controls), qubits, (angle,)
        if controls == 0:
            return
        controls, qubits, angle = controls - 1, qubits[:-1], angle / 2


def _qis(name: str, qubits: tuple[int, ...], params: tuple[Any, ...]) -> Iterator[Operation]:
    """Write a gate in words of the qis set."""
    for word, places, angles in lower(name, qubits, params, _WritableOrPhase()):
        if _split(word)[0] == "p":
            yield from _phase(word, places, angles)
        else:
            yield word, places, angles


class _WritableOrPhase:
    def __contains__(self, name: object) -> bool:
        return name in _WRITABLE or (_split(str(name))[0] == "p" and _split(str(name))[1] <= MAX_CONTROLS)


def _qis_text(name: str, qubits: tuple[int, ...]) -> str:
    """Write one operation of the qis set, with a gap for its angle if it has one."""
    target, num_controls = _split(name)
    controls, targets = list(qubits[:num_controls]), list(qubits[num_controls:])
    text = f'{{"gate":"{_QIS[target]}","targets":{_ints(targets)}'
    if controls:
        text += f',"controls":{_ints(controls)}'
    return text + (f',"rotation":{GAP}}}' if target.startswith("r") else "}")


def _native_text(name: str, qubits: tuple[int, ...]) -> str:
    """Write one operation of the native set, with gaps for its phases and angle."""
    if len(qubits) == 1:
        return f'{{"gate":"{name}","target":{qubits[0]},"phase":{GAP}}}'
    if name == "ms":
        return f'{{"gate":"ms","targets":{_ints(qubits)},"phases":[{GAP},{GAP}],"angle":{GAP}}}'
    return f'{{"gate":"zz","targets":{_ints(qubits)},"angle":{GAP}}}'


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
        """Write a program; see :class:`~qsession_core.formats.payload.Format`."""
        require_bound(program.parameters)
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "Base") -> IonQTemplate:  # noqa: ARG002 - IonQ JSON has no profiles
        """Write a program that has parameters once, for many bindings."""
        operations, angles = _Writer(self.gateset).write(program)
        head = f'{{"gateset":"{self.gateset}","qubits":{program.num_qubits},"circuit":['
        text = GappedText(head + ",".join(operations) + "]}", tuple(angles), json_numbers)
        return IonQTemplate(text, _metadata(program), program.num_qubits)


@dataclass(frozen=True, slots=True)
class IonQTemplate:
    """An IonQ circuit with gaps for its angles."""

    text: GappedText
    metadata: Mapping[str, str]
    num_qubits: int

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        return Payload(
            self.text.fill(values).encode(), "application/json", INPUT, OUTPUT, {}, self.metadata, self.num_qubits
        )


def _metadata(program: Program) -> dict[str, str]:
    return {
        **program.metadata,
        "meas_map": msgspec.json.encode(program.readout).decode(),
        Layout.KEY: Layout(program.num_clbits, program.registers).to_text(),
    }


class _Writer:
    """One circuit's operations as text, and the angles for its gaps."""

    def __init__(self, gateset: str) -> None:
        self.native = gateset == "native"
        self.problems: list[ConversionError] = []
        self.angles: list[float | Angle] = []
        # (name, qubits) -> the text of a gate that the set has; None for what is dropped
        self.known: dict[tuple[str, tuple[int, ...]], str | None] = {}

    def write(self, program: Program) -> tuple[list[str], list[float | Angle]]:
        """Write all operations, or raise one error that lists every problem."""
        pieces: list[str] = []
        append, add_angles, known = pieces.append, self.angles.extend, self.known
        body = program.body
        for index, (name, qubits, params) in enumerate(zip(body.names, body.qubits, body.params, strict=True)):
            try:
                text = known[name, qubits]
            except KeyError:
                if not self._learn(name, qubits):
                    pieces += self._rare(program, index)
                    continue
                text = known[name, qubits]
            if text is not None:
                append(text)
                if params:
                    add_angles(params)
        self._check_measurements(program)
        if self.problems:
            raise ConversionError.of(self.problems)
        return pieces, self.angles

    def _learn(self, name: str, qubits: tuple[int, ...]) -> bool:
        """Make the text of a gate that the set has, for all its later occurrences; say whether it has it."""
        if name == "barrier":
            self.known[name, qubits] = None
        elif self.native and name in _NATIVE:
            self.known[name, qubits] = _native_text(name, qubits)
        elif not self.native and name in _WRITABLE:
            self.known[name, qubits] = _qis_text(name, qubits)
        else:
            return False
        return True

    def _rare(self, program: Program, index: int) -> list[str]:
        """Write what is not one gate of the set."""
        body = program.body
        name, qubits, params = body.names[index], body.qubits[index], body.params[index]
        match name:
            case "measure" | "id":
                return []
            case "reset":
                if not _touched(body.qubits[:index], qubits[0]):  # it is 0 already
                    return []
                self._refuse(name, index, qubits, "IonQ JSON has no reset; send it as qir.v1 to a target that resets.")
                return []
            case "if":
                self._refuse(
                    name,
                    index,
                    (),
                    "IonQ JSON has no classical control; send it as qir.v1 to a target with an Adaptive profile.",
                )
                return []
            case "pauliexp" if not self.native:
                return [self._pauliexp(qubits, params)]
        if self.native:
            self._refuse(
                name,
                index,
                qubits,
                "the native gate set has gpi, gpi2, ms and zz; transpile the circuit to them, or use gate set qis.",
            )
            return []
        try:
            operations = list(_qis(name, qubits, params))
        except KeyError:
            self._refuse(name, index, qubits, "decompose it into standard gates first.")
            return []
        for _, _, angles in operations:
            self.angles.extend(angles)
        return [_qis_text(word, places) for word, places, _ in operations]

    def _pauliexp(self, qubits: tuple[int, ...], params: tuple[Any, ...]) -> str:
        """Write an evolution over one unit of time: IonQ takes no negative time, but any coefficient."""
        terms, coefficients, time = params
        self.angles.extend(time * float(coefficient) for coefficient in coefficients)
        quoted = ",".join(f'"{term}"' for term in terms)
        gaps = ",".join([GAP] * len(coefficients))
        return f'{{"gate":"pauliexp","targets":{_ints(qubits)},"terms":[{quoted}],"coefficients":[{gaps}],"time":1}}'

    def _refuse(self, name: str, index: int, qubits: tuple[int, ...], way_out: str) -> None:
        where = f" on qubits {', '.join(map(str, qubits))}" if qubits else ""
        self.problems.append(
            UnsupportedOperationError(
                f"Operation {index}, {name}{where}, cannot be written as {INPUT}: {way_out}",
                operation=name,
                index=index,
                qubits=qubits,
                format=INPUT,
                supported=tuple(_NATIVE if self.native else _QIS),
            )
        )

    def _check_measurements(self, program: Program) -> None:
        """All qubits are measured at the very end, so nothing may happen to a measured qubit."""
        body = program.body
        if "measure" not in body.names:
            self.problems.append(
                ConversionError("The program measures nothing, so there is nothing to return; add a measurement.")
            )
            return
        measured: set[int] = set()
        first = body.names.index("measure")
        for index in range(first, len(body)):
            name, qubits = body.names[index], body.qubits[index]
            if name == "measure":
                measured.add(qubits[0])
            elif name not in {"barrier", "id"} and not measured.isdisjoint(qubits):
                again = ", ".join(str(qubit) for qubit in qubits if qubit in measured)
                self._refuse(
                    name, index, qubits, f"qubit {again} was measured before it, and IonQ measures only at the end."
                )


def _touched(earlier: tuple[tuple[int, ...], ...], qubit: int) -> bool:
    return any(qubit in qubits for qubits in earlier)


# --- results -------------------------------------------------------------------------------------------------------


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
    try:
        histogram = msgspec.json.decode(data, type=_Histogram).histogram
        keys, widest = _numbers(histogram)
        readout, registers = readout_of(facts.metadata, widest)
        weights = np.fromiter(histogram.values(), np.float64, len(histogram))
        if not (weights >= 0).all() or not weights.sum() > 0:
            raise ValueError("its probabilities are not positive numbers")  # noqa: TRY301 - told like the others
    except (msgspec.MsgspecError, ValueError) as error:
        raise ResultFormatError(
            f"The result of job {facts.job_id} is not {OUTPUT}: {error}.",
            format=OUTPUT,
            problem=str(error),
            job_id=facts.job_id,
        ) from error
    characters, weights = _read_out(keys, weights, readout)
    return [
        Result(
            len(readout),
            distribution=(characters, weights),
            shots=facts.shots or 0,
            registers=registers,
            seed_text=facts.job_id,
        )
    ]


def _numbers(histogram: Mapping[str, float]) -> tuple[NDArray[Any], int]:
    """Return the histogram's keys as numbers, and how many bits the largest has."""
    numbers = [int(key) for key in histogram]
    largest = max(numbers, default=0)
    if min(numbers, default=0) < 0:
        raise ValueError(f"the key {min(numbers)} is negative")
    return np.array(numbers, dtype=np.uint64 if largest < 1 << 64 else object), largest.bit_length()


def _read_out(
    keys: NDArray[Any], weights: NDArray[np.float64], readout: Sequence[int | None]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Turn register-wide outcomes into classical bits, and join those that become equal."""
    characters = np.full((len(keys), len(readout)), ord("0"), np.uint8)
    for clbit, qubit in enumerate(readout):
        if qubit is not None:
            characters[:, clbit] += ((keys >> qubit) & 1).astype(np.uint8)
    rows = np.ascontiguousarray(np.packbits(characters & 1, axis=1))
    if not readout:
        return characters[:1], weights.sum(keepdims=True)
    _, first, which = np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_index=True, return_inverse=True)
    return characters[first], np.bincount(which, weights=weights).astype(np.float64, copy=False)

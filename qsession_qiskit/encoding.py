"""From circuits to payloads for one target: the format, the gate set, and the operations that stay one word.

A target's first format is tried first. If that cannot express the circuit, operations that only it has as one word (a
Pauli evolution, a gate under many controls) are decomposed into gates for the next format.
"""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any

import msgspec
from qiskit.circuit import QuantumCircuit

from qsession_core.client.submitting.encoding import name_of as name_of_input
from qsession_core.errors import ConfigurationError, ConversionError
from qsession_qiskit.basis import NATIVE
from qsession_qiskit.conversion.convert import to_program
from qsession_qiskit.ionq.gates import NATIVE_GATES
from qsession_qiskit.reading import read_openqasm

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import SupportsIndex

    from qsession_core.client.target import Target
    from qsession_core.formats import Payload
    from qsession_core.program import Program

__all__ = ["Encoding", "Order", "name_of"]

_NO_GATES = {"measure", "barrier", "reset", "id"}


class Order(msgspec.Struct, frozen=True):
    """How circuits are to be sent.

    Attributes:
        shots: For each circuit; None for the target's default.
        input_data_format: The format to encode them in; None for the target's choice.
        input_params: Added to the job's ``inputParams``.
        metadata: Added to its metadata.
        allow_unknown: Let options through that the provider's row does not know.
    """

    shots: SupportsIndex | None = None
    input_data_format: str | None = None
    input_params: Mapping[str, Any] = msgspec.field(default_factory=dict)
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)
    allow_unknown: bool = False


class Encoding(msgspec.Struct, frozen=True):
    """Encodes circuits for a target.

    Attributes:
        target: The target.
        gateset: ``"native"`` for the gates of the hardware; else the gates that the provider compiles.
    """

    target: Target
    gateset: str | None = None

    def check(self, input_data_format: str | None) -> None:
        """Check that the target has the gate set and a format.

        Raises:
            ConfigurationError: It has not; the error lists those that it has.
        """
        gatesets = self.target.provider.gatesets
        if self.gateset is not None and self.gateset not in (gatesets or {"qis"}):
            there = ", ".join(gatesets) or "qis"
            raise ConfigurationError(f"{self.target.name} has no gate set {self.gateset!r}; there is: {there}.")
        if input_data_format is not None and input_data_format not in self.target.input_data_formats:
            there = ", ".join(self.target.input_data_formats) or "none"
            raise ConfigurationError(f"{self.target.name} takes no {input_data_format!r}; there is: {there}.")

    def kept(self, input_data_format: str | None) -> AbstractSet[str]:
        """Return the large operations that the first format to be tried has as one word."""
        formats = self.target.provider.formats
        first = next((each for each in formats if input_data_format in {None, each.input_data_format}), None)
        return first.keeps if first is not None and self.gateset != NATIVE else frozenset()

    def gateset_of(self, program: Program, input_data_format: str | None) -> str | None:
        """Return the gate set to encode a program in; None for the target's choice."""
        native = self.target.provider.gatesets.get(NATIVE)
        if native is None or input_data_format not in {None, native.input_data_format}:
            return None
        gates = program.words - _NO_GATES
        return NATIVE if self.gateset == NATIVE or (gates and gates <= NATIVE_GATES.keys()) else None

    def payloads(self, circuits: Sequence[object], order: Order) -> list[Payload]:
        """Encode circuits.

        Args:
            circuits: Circuits, or anything else that ``Target.encode`` accepts.
            order: How they are to be sent.

        Raises:
            ConversionError: Some cannot be sent as they are; every problem of every circuit is listed.
        """
        found: list[Payload] = []
        # by message: a problem that all circuits have is reported once
        problems: dict[str, list[tuple[int, ConversionError]]] = {}
        for place, circuit in enumerate(circuits):
            try:
                found.append(self.payload(circuit, order))
            except ConversionError as error:
                for problem in error.problems or (error,):
                    problems.setdefault(problem.message, []).append((place, problem))
        if problems:
            raise ConversionError.of(list(_with_circuits(problems.values(), circuits)))
        return found

    def payload(self, circuit: object, order: Order) -> Payload:
        """Encode one circuit.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        asked = order.input_data_format
        circuit = read_openqasm(circuit, {asked} if asked else {self.target.provider.raw_format}) or circuit
        if not isinstance(circuit, QuantumCircuit):
            return self._sent_as(circuit, order, None)
        keep = self.kept(order.input_data_format)
        program = to_program(circuit, keep=keep)
        try:
            return self._of_program(program, order)
        except ConversionError:
            if not keep:
                raise
            plain = to_program(circuit, keep=frozenset())
            if plain.words == program.words:
                raise
            return self._of_program(plain, order)

    def _of_program(self, program: Program, order: Order) -> Payload:
        return self._sent_as(program, order, self.gateset_of(program, order.input_data_format))

    def _sent_as(self, input_data: object, order: Order, gateset: str | None) -> Payload:
        return self.target.encode(
            input_data,
            shots=order.shots,
            input_data_format=order.input_data_format,
            input_params=order.input_params,
            metadata=order.metadata,
            gateset=gateset,
            allow_unknown=order.allow_unknown,
        )


def name_of(circuit: object) -> str:
    """Return the default name of a circuit's job; of a file, its name without folder and suffix."""
    if isinstance(circuit, str | bytes | PathLike):
        return name_of_input(circuit)
    name = getattr(circuit, "name", None)
    return name if isinstance(name, str) and name else "qsession-job"


def _with_circuits(
    problems: Iterable[Sequence[tuple[int, ConversionError]]], circuits: Sequence[object]
) -> Iterator[ConversionError]:
    """Add to each problem the circuit that it is in, unless all circuits have it; then yield it once."""
    for same in problems:
        if len(same) == len(circuits) > 1:
            yield same[0][1]
            continue
        for place, problem in same:
            yield problem.with_message(f"circuit {place} ({name_of(circuits[place])}): {problem.message}")

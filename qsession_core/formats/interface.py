"""What every format has in common: what it is called, the payload that it makes, the facts that it decodes by.

A format is one file with both directions: a :class:`Format` that encodes programs, an :class:`InputFormat` that
describes what it writes, and a :class:`Decoder` of the results. The last two are found by entry point (group
``qsession.formats``), by the data format's name on the wire; the first is named by a provider's row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.counting import GateCounts
    from qsession_core.program import Program
    from qsession_core.results.result import Result

__all__ = [
    "CONTROLS",
    "EVOLUTION",
    "MICROSOFT_V1",
    "MICROSOFT_V2",
    "Decoder",
    "Format",
    "InputFormat",
    "JobFacts",
    "Payload",
    "Template",
]

# What QIR programs return at every provider
MICROSOFT_V1 = "microsoft.quantum-results.v1"
MICROSOFT_V2 = "microsoft.quantum-results.v2"

# Large operations that some formats write as one, others as hundreds of gates
CONTROLS = "ctrl"  # a gate under three controls and more
EVOLUTION = "pauliexp"  # exp(-i time sum(coefficient * term))


@dataclass(frozen=True, slots=True)
class Payload:
    """An encoded program: what will be uploaded, and what travels with the job.

    >>> from qsession_core import Program, Workspace
    >>> flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> target = Workspace.local(seed=7).get_target("ionq.simulator")
    >>> payload = target.encode(flip, shots=10)
    >>> payload.input_data_format, payload.num_qubits
    ('ionq.circuit.v1', 1)

    Attributes:
        data: The bytes.
        content_type: The content type of the blob.
        input_data_format: Such as ``"qir.v1"``.
        output_data_format: Such as ``"microsoft.quantum-results.v2"``.
        input_params: The job's ``inputParams`` by the service's and provider's own names, JSON values.
        metadata: The job's metadata: all that is needed to decode its result in any process (docs/metadata.md).
        num_qubits: The qubits that it needs, which may be more than the program has; 0 if unknown.
    """

    data: bytes
    content_type: str
    input_data_format: str
    output_data_format: str
    input_params: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    num_qubits: int = 0


@dataclass(frozen=True, slots=True)
class InputFormat:
    """An input data format.

    Attributes:
        name: Its name on the wire, such as ``"qir.v1"``.
        output_data_format: The format of its results, unless the caller asks for another.
        content_type: The content type of its blobs.
        count_gates: Takes an encoded program, returns its gates for an estimate of the cost; None for a format that
            the workspace counts.
    """

    name: str
    output_data_format: str
    content_type: str
    count_gates: Callable[[bytes], GateCounts | None] = lambda _data: None


@dataclass(frozen=True, slots=True)
class JobFacts:
    """The facts of a job that the decoder of its result gets: only what the service stores.

    Attributes:
        job_id: Seeds what has to be drawn.
        target: The target's id.
        shots: The shots of the job; None if it does not say.
        metadata: As the service echoes it: text by key.
        input_data_format: The format of its program.
        assumed_shots: Of a job that does not say: how many shots its provider runs by default; None if unknown.
    """

    job_id: str = ""
    target: str = ""
    shots: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    input_data_format: str = ""
    assumed_shots: int | None = None

    @property
    def likely_shots(self) -> int | None:
        """The shots of the job, else the assumed ones."""
        return self.assumed_shots if self.shots is None else self.shots

    @property
    def are_assumed(self) -> bool:
        """Whether :attr:`likely_shots` are only assumed."""
        return self.shots is None and self.assumed_shots is not None


class Format(Protocol):
    """Encodes programs in one input data format."""

    @property
    def input_data_format(self) -> str:
        """Its name on the wire."""
        ...

    @property
    def keeps(self) -> frozenset[str]:
        """The large operations that it writes as one: of :data:`CONTROLS` and :data:`EVOLUTION`."""
        ...

    def encode(self, program: Program, *, profile: str) -> Payload:
        """Encode a program.

        Args:
            program: All its parameters are bound.
            profile: The target's QIR profile, such as ``"Base"``.

        Raises:
            ConversionError: The format cannot hold this program; every problem is listed.
        """
        ...

    def template(self, program: Program, *, profile: str) -> Template:
        """Encode a program with parameters once, for many bindings."""
        ...


class Template(Protocol):
    """A payload with gaps."""

    @property
    def num_qubits(self) -> int:
        """The qubits that it needs."""
        ...

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        ...


class Decoder(Protocol):
    """Reads the bytes of one output data format."""

    def __call__(self, data: bytes, facts: JobFacts) -> list[Result]:
        """Return a result for each program of the job, in order.

        Raises:
            ValueError: The bytes are not what the format says; it becomes a ``ResultFormatError``.
        """
        ...

"""What every format has in common: the payload it makes, the facts it decodes by, and its two doors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.program import Program
    from qsession_core.results.result import Result

__all__ = ["Decoder", "Format", "JobFacts", "Payload", "Template"]


@dataclass(frozen=True, slots=True)
class Payload:
    """An encoded program: what will be uploaded, and what travels with the job.

    Attributes:
        data: The bytes.
        content_type: What the blob is labelled with.
        input_data_format: Such as ``"qir.v1"``.
        output_data_format: Such as ``"microsoft.quantum-results.v2"``.
        input_params: The job's ``inputParams`` by the service's and provider's own names, JSON values.
        metadata: The job's metadata: all that is needed to decode its result in any process.
        num_qubits: How many qubits it needs, which may be more than the program has; 0 if nobody has looked.
    """

    data: bytes
    content_type: str
    input_data_format: str
    output_data_format: str
    input_params: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    num_qubits: int = 0


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What a decoder may know of the job whose result it reads: nothing but what the service stores.

    Attributes:
        job_id: Seeds what has to be drawn.
        target: The target's id.
        shots: How many were asked for; None if the job does not say.
        metadata: As the service echoes it: text by key.
        input_data_format: What the job was written in.
    """

    job_id: str = ""
    target: str = ""
    shots: int | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    input_data_format: str = ""


class Format(Protocol):
    """A format of programs. Results are decoded by their own format's name, see ``formats.decode``."""

    @property
    def input_data_format(self) -> str:
        """Its name on the wire."""
        ...

    def encode(self, program: Program, *, profile: str) -> Payload:
        """Write a program.

        Args:
            program: What to write.
            profile: The target's QIR profile, such as ``"Base"``.

        Raises:
            ConversionError: The format cannot hold this program; every problem is listed.
        """
        ...

    def template(self, program: Program, *, profile: str) -> Template:
        """Write a program that has parameters once, for many bindings."""
        ...


class Template(Protocol):
    """A payload with gaps."""

    @property
    def num_qubits(self) -> int:
        """How many qubits it needs."""
        ...

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        ...


class Decoder(Protocol):
    """Reads the bytes of one output data format."""

    def __call__(self, data: bytes, facts: JobFacts) -> list[Result]:
        """Return a result for each program of the job, in order.

        Raises:
            ResultFormatError: The bytes are not what the format says.
        """
        ...

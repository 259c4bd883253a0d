"""Shared by both primitives: circuits are converted once, bindings are filled in, jobs are sent together."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from qiskit.primitives import BasePrimitiveJob, PrimitiveResult
from qiskit.providers import JobStatus

from qsession_core.client.session import Session
from qsession_core.errors import ConfigurationError, ConversionError, QSessionError
from qsession_core.keywords import unknown_keywords
from qsession_core.program import Block
from qsession_qiskit.backend import AzureQuantumBackend
from qsession_qiskit.conversion.convert import to_parametric
from qsession_qiskit.job import AzureQuantumJob

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import numpy as np
    from numpy.typing import NDArray
    from qiskit.circuit import QuantumCircuit

    from qsession_core.client.submitting.encoding import PayloadTemplate
    from qsession_core.formats import Payload
    from qsession_core.program import Program
    from qsession_core.results.result import Register, Result
    from qsession_qiskit.conversion.parameters import ParametricProgram

__all__ = ["AzurePrimitiveJob", "Circuit", "Mode", "Options", "Primitive", "mode_of", "options_of"]


@dataclass
class Options:
    """Options of every run of a primitive.

    Attributes:
        input_params: Added to each job's ``inputParams``, by the service's and provider's own names.
        input_data_format: The format to encode circuits in; by default the target's first that can express them.
        job_name: The jobs' name; by default the circuit's.
        seed: Seeds the order of memory if the provider gives no single shots.
    """

    input_params: Mapping[str, Any] = field(default_factory=dict)
    input_data_format: str | None = None
    job_name: str | None = None
    seed: int | None = None


T = TypeVar("T", bound=Options)


def options_of(kind: type[T], given: T | Mapping[str, Any] | None) -> T:
    """Return options, given as an object or by name.

    Raises:
        TypeError: There is no option of this name; the sentence names a similar one.
    """
    if isinstance(given, kind):
        return replace(given)
    names = [each.name for each in fields(kind)]
    values: Mapping[str, Any] = given or {}  # type: ignore[assignment]
    unknown = [name for name in values if name not in names]
    if unknown:
        raise unknown_keywords(kind.__name__, unknown, names)
    return kind(**values)


@dataclass(frozen=True)
class Mode:
    """Where a primitive runs.

    Attributes:
        backend: The backend.
        session: The session that every job joins; None for the backend's open session at the time of a run, if any.
    """

    backend: AzureQuantumBackend
    session: Session | None = None


def mode_of(mode: AzureQuantumBackend | Session) -> Mode:
    """Return the mode of a backend or of a session.

    Raises:
        ConfigurationError: It is neither.
    """
    if isinstance(mode, AzureQuantumBackend):
        return Mode(mode)
    if isinstance(mode, Session):
        return Mode(AzureQuantumBackend(mode.workspace.get_target(mode.target)), mode)
    raise ConfigurationError(
        f"A {type(mode).__name__} is not a mode. Pass a backend of AzureQuantumProvider, or a session of one."
    )


class Primitive:
    """Base of both primitives."""

    _mode: Mode

    @property
    def mode(self) -> AzureQuantumBackend | Session:
        """The session or backend that it runs on."""
        return self._mode.session or self._mode.backend

    def backend(self) -> AzureQuantumBackend:
        """Return the backend that it runs on."""
        return self._mode.backend


class Circuit:
    """A circuit of a run: converted once, and encoded once for each measurement that follows it."""

    def __init__(self, circuit: QuantumCircuit, mode: Mode, options: Options) -> None:
        self.circuit = circuit
        self.mode = mode
        self.options = options
        self.input_data_format = mode.backend.wanted_format(options.input_data_format)
        self.keep: AbstractSet[str] = mode.backend.encoding.kept(self.input_data_format)
        self.parametric: ParametricProgram = to_parametric(circuit, keep=self.keep)

    @property
    def name(self) -> str:
        """The name of its jobs."""
        return self.options.job_name or str(self.circuit.name)

    def gateset(self) -> str | None:
        """Return the gate set it is encoded in; None for the target's choice."""
        return self.mode.backend.encoding.gateset_of(self.parametric.program, self.input_data_format)

    def template(self, shots: int, more: Block | None = None, registers: Sequence[Register] = ()) -> PayloadTemplate:
        """Encode it.

        Args:
            shots: At least 1.
            more: Operations after its own; None for none.
            registers: Classical registers after its own; their bits follow its own.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        try:
            return self._encoded(shots, more, registers)
        except ConversionError:
            if not self.keep:
                raise
            # the other formats need gates where the first has one word
            self.keep = frozenset()
            self.parametric = to_parametric(self.circuit, keep=self.keep)
            return self._encoded(shots, more, registers)

    def _encoded(self, shots: int, more: Block | None, registers: Sequence[Register]) -> PayloadTemplate:
        program = self.parametric.program
        if more is not None:
            program = _followed_by(program, more, registers)
        return self.mode.backend.azure_target.template(
            program,
            shots=shots,
            input_params=self.mode.backend.joined_params(self.options.input_params),
            input_data_format=self.input_data_format,
            gateset=self.gateset(),
        )

    def payloads(self, template: PayloadTemplate, bindings: NDArray[np.float64]) -> list[Payload]:
        """Fill bindings in.

        Args:
            template: The encoded circuit.
            bindings: Values in the order of ``circuit.parameters``, shape (n, parameters).

        Returns:
            n payloads.
        """
        return [template.bind(values) for values in self.parametric.values(bindings).tolist()]


def _followed_by(program: Program, more: Block, registers: Sequence[Register]) -> Program:
    body = program.body
    return replace(
        program,
        num_clbits=program.num_clbits + sum(len(register.clbits) for register in registers),
        body=Block(body.names + more.names, body.qubits + more.qubits, body.params + more.params),
        registers=(*program.registers, *registers),
    )


class AzurePrimitiveJob(BasePrimitiveJob[PrimitiveResult, JobStatus]):  # type: ignore[misc]
    """The jobs of one run of a primitive."""

    def __init__(
        self,
        payloads: Sequence[Payload],
        names: Sequence[str],
        mode: Mode,
        evaluate: Callable[[list[Result]], PrimitiveResult],
    ) -> None:
        """Send payloads.

        Args:
            payloads: One for each job.
            names: The jobs' names.
            mode: Where they run.
            evaluate: Makes the primitive's result from the jobs' results, which are in the payloads' order.

        Raises:
            QSessionError: None of them could be sent.
        """
        target = mode.backend.azure_target
        self._sent = target.submit_all(payloads, names=names, session=mode.session)
        if payloads and not self._sent.jobs:
            raise self._sent[0]  # type: ignore[misc]
        self._job = AzureQuantumJob(self._sent, workspace=target.workspace, backend=mode.backend)
        self._evaluate = evaluate
        self._result: PrimitiveResult | None = None
        super().__init__(self._job.job_id())

    def __repr__(self) -> str:
        return f"<AzurePrimitiveJob of {len(self._sent)} jobs>"

    @property
    def azure_job(self) -> AzureQuantumJob:
        """The jobs as one job of the backend."""
        return self._job

    def result(self, timeout: float | None = None) -> PrimitiveResult:
        """Wait, and return the result.

        Args:
            timeout: At most how many seconds; None for no limit.

        Raises:
            JobFailedError: One of the jobs failed.
            JobCancelledError: One was cancelled.
            WaitTimeoutError: One is not terminal.
        """
        if self._result is None:
            outcomes: list[Result] = []
            for outcome in self._sent.results(timeout):
                if isinstance(outcome, QSessionError):
                    raise outcome
                outcomes.append(outcome)
            self._result = self._evaluate(outcomes)
        return self._result

    def status(self) -> JobStatus:
        """Fetch and return its state."""
        return self._job.status()

    def done(self) -> bool:
        """Whether there is a result."""
        return self.status() is JobStatus.DONE

    def running(self) -> bool:
        """Whether it runs."""
        return self.status() is JobStatus.RUNNING

    def cancelled(self) -> bool:
        """Whether it was cancelled."""
        return self.status() is JobStatus.CANCELLED

    def in_final_state(self) -> bool:
        """Whether its state is terminal."""
        return self.status() in {JobStatus.DONE, JobStatus.ERROR, JobStatus.CANCELLED}

    def cancel(self) -> bool:
        """Ask the service to cancel its jobs; return whether any was not terminal."""
        return self._job.cancel()

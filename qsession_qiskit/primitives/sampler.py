"""SamplerV2: circuits in, bits of each register out."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import BaseSamplerV2, PrimitiveResult, SamplerPubResult
from qiskit.primitives.containers import BitArray, DataBin
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qsession_core.errors import ConversionError
from qsession_core.keywords import strict_keywords
from qsession_qiskit.primitives.circuit import Circuit
from qsession_qiskit.primitives.job import AzurePrimitiveJob
from qsession_qiskit.primitives.mode import Primitive, mode_of
from qsession_qiskit.primitives.options import SamplerOptions, options_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from qiskit.primitives import SamplerPubLike

    from qsession_core.formats import Payload
    from qsession_core.results.result import Result
    from qsession_qiskit.primitives.mode import ModeLike

__all__ = ["SamplerV2"]

# Names that Qiskit's container of the registers' bits cannot have
_RESERVED = frozenset(getattr(DataBin, "_RESTRICTED_NAMES", ())) | {"self", "shape"}


class SamplerV2(Primitive[SamplerOptions], BaseSamplerV2):  # type: ignore[misc]
    """Samples circuits on a target.

    A circuit with parameters is converted once; each binding is one job, and all jobs of a run are sent together.

    >>> from qiskit import QuantumCircuit
    >>> from qsession_core import Workspace
    >>> from qsession_qiskit import AzureQuantumProvider
    >>> backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    >>> circuit = QuantumCircuit(1, 1)
    >>> _ = circuit.x(0), circuit.measure(0, 0)
    >>> SamplerV2(backend).run([circuit], shots=10).result()[0].data.c.get_counts()
    {'1': 10}
    """

    OPTIONS = SamplerOptions

    @strict_keywords
    def __init__(
        self,
        mode: ModeLike | None = None,
        *,
        options: SamplerOptions | Mapping[str, Any] | None = None,
        default_shots: int | None = None,
        seed: int | None = None,
    ) -> None:
        """Keep the mode and the options.

        Args:
            mode: A backend, whose open session is joined if it has one; or a session; None in a block of a session.
            options: Options of every run; may be changed later.
            default_shots: As in the options, for both primitives of Qiskit's own.
            seed: As in the options.

        Raises:
            ConfigurationError: There is no mode, or an option asks for what no provider does.
            TypeError: There is no such option.
        """
        self._mode = mode_of(mode)
        self._options = options_of(SamplerOptions, options)
        if default_shots is not None:
            self.options.default_shots = default_shots
        if seed is not None:
            self.options.seed = seed

    def __repr__(self) -> str:
        return f"<SamplerV2 on {self.mode!r}: {self.options}>"

    @property
    def default_shots(self) -> int:
        """Shots if neither the PUB nor the run has a number."""
        return self.options.default_shots

    def run(self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None) -> AzurePrimitiveJob:
        """Sample circuits.

        Args:
            pubs: Circuits, each alone or with values for its parameters (any shape) and shots.
            shots: For PUBs without a number of shots.

        Returns:
            The job. The data of its result has a ``BitArray`` for each register, of the PUB's shape.

        Raises:
            ConversionError: A circuit cannot be sent as it is.
        """
        default = self.options.default_shots if shots is None else shots
        coerced = [SamplerPub.coerce(pub, default) for pub in pubs]
        _check_registers(coerced)
        payloads: list[Payload] = []
        names: list[str] = []
        for pub in coerced:
            circuit = Circuit(pub.circuit, self._mode, self.options)
            template = circuit.template(pub.shots or default)
            bindings = pub.parameter_values.as_array(pub.circuit.parameters)
            made = circuit.payloads(template, bindings.reshape(pub.size, pub.circuit.num_parameters))
            payloads += made
            names += [circuit.name] * len(made)
        seed = self.options.seed

        def evaluate(outcomes: list[Result]) -> PrimitiveResult:
            found, start = [], 0
            for pub in coerced:
                found.append(_pub_result(pub, outcomes[start : start + pub.size], seed))
                start += pub.size
            return PrimitiveResult(found, metadata={"version": 2})

        inputs = {"pubs": coerced, "options": asdict(self.options)}
        return AzurePrimitiveJob(payloads, names, self._mode, evaluate, inputs=inputs, tags=self.options.tags)


def _check_registers(pubs: Sequence[SamplerPub]) -> None:
    """Check that the registers' names can be names of a result's data, before anything is paid.

    Raises:
        ConversionError: Some cannot; lists all of them.
    """
    problems = [
        ConversionError(
            f"PUB {place}: the register {register.name!r} has a name that Qiskit's results of samplers cannot have; "
            "rename it."
        )
        for place, pub in enumerate(pubs)
        for register in pub.circuit.cregs
        if register.name in _RESERVED
    ]
    if problems:
        raise ConversionError.of(problems)


def _pub_result(pub: SamplerPub, outcomes: Sequence[Result], seed: int | None) -> SamplerPubResult:
    """Split the bits of each binding by register."""
    kept = min((outcome.shots for outcome in outcomes), default=pub.shots)  # lost shots leave some bindings with fewer
    circuit = pub.circuit
    places = {bit: place for place, bit in enumerate(circuit.clbits)}
    bits = [outcome.bits(seed)[:kept] for outcome in outcomes]
    data = {}
    for register in circuit.cregs:
        columns = [places[bit] for bit in register]
        packed = (
            np.stack([_packed(each[:, columns]) for each in bits])
            if bits
            else np.zeros((0, kept, -(-len(columns) // 8)), np.uint8)
        )
        data[register.name] = BitArray(packed.reshape(*pub.shape, kept, packed.shape[-1]), len(columns))
    return SamplerPubResult(
        DataBin(**data, shape=pub.shape),
        metadata={
            "shots": kept,
            "lost_shots": [outcome.lost_shots for outcome in outcomes] if any(o.lost_shots for o in outcomes) else 0,
            "circuit_metadata": circuit.metadata,
        },
    )


def _packed(bits: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pack rows of bits, lowest first, into bytes as in ``BitArray``: highest first, padded on the left."""
    shots, width = bits.shape
    padded = np.zeros((shots, -(-width // 8) * 8), np.uint8)
    padded[:, padded.shape[1] - width :] = bits[:, ::-1]
    return np.packbits(padded, axis=1)

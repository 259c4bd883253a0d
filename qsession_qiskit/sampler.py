"""SamplerV2: circuits in, bits of each register out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import BaseSamplerV2, PrimitiveResult, SamplerPubResult
from qiskit.primitives.containers import BitArray, DataBin
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qsession_qiskit.primitives import AzurePrimitiveJob, Circuit, Options, Primitive, mode_of, options_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from qiskit.primitives import SamplerPubLike

    from qsession_core.client.session import Session
    from qsession_core.formats import Payload
    from qsession_core.results.result import Result
    from qsession_qiskit.backend import AzureQuantumBackend

__all__ = ["SamplerOptions", "SamplerV2"]


@dataclass
class SamplerOptions(Options):
    """Options of every run of a sampler.

    Attributes:
        default_shots: Shots if neither the PUB nor the run has a number.
    """

    default_shots: int = 1024


class SamplerV2(Primitive, BaseSamplerV2):  # type: ignore[misc]
    """Samples circuits on a target.

    A circuit with parameters is converted once; each binding is one job, and all jobs of a run are sent together.
    """

    def __init__(
        self, mode: AzureQuantumBackend | Session, *, options: SamplerOptions | Mapping[str, Any] | None = None
    ) -> None:
        """Keep the mode and the options.

        Args:
            mode: A backend, whose open session is joined if it has one; or a session.
            options: Options of every run; may be changed later.
        """
        self._mode = mode_of(mode)
        self.options = options_of(SamplerOptions, options)

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
        payloads: list[Payload] = []
        names: list[str] = []
        for pub in coerced:
            circuit = Circuit(pub.circuit, self._mode, self.options)
            template = circuit.template(pub.shots or default)
            bindings = pub.parameter_values.as_array(pub.circuit.parameters)
            made = circuit.payloads(template, bindings.reshape(pub.size, -1))
            payloads += made
            names += [circuit.name] * len(made)
        seed = self.options.seed

        def evaluate(outcomes: list[Result]) -> PrimitiveResult:
            found, start = [], 0
            for pub in coerced:
                found.append(_pub_result(pub, outcomes[start : start + pub.size], seed))
                start += pub.size
            return PrimitiveResult(found, metadata={"version": 2})

        return AzurePrimitiveJob(payloads, names, self._mode, evaluate)


def _pub_result(pub: SamplerPub, outcomes: Sequence[Result], seed: int | None) -> SamplerPubResult:
    """Split the bits of each binding by register."""
    kept = min((outcome.shots for outcome in outcomes), default=0)  # lost shots leave some bindings with fewer
    circuit = pub.circuit
    places = {bit: place for place, bit in enumerate(circuit.clbits)}
    bits = [outcome.bits(seed)[:kept] for outcome in outcomes]
    data = {}
    for register in circuit.cregs:
        columns = [places[bit] for bit in register]
        packed = np.stack([_packed(each[:, columns]) for each in bits]) if bits else np.zeros((0, kept, 0), np.uint8)
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

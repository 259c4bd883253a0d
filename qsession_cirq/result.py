"""The result of a job: Cirq's result, with the methods that IonQ's documentation calls on it.

``cirq_ionq`` has results of its own, which are cast by ``to_cirq_result()``; here a result is Cirq's already, and the
cast returns it. ``cirq.to_json`` writes it as Cirq's own ``ResultDict``, and ``cirq.read_json`` reads it as that.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import cirq
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["ResultDict"]


class ResultDict(cirq.ResultDict):  # type: ignore[misc]  # cirq ships no types
    """Records of shape (repetitions, instances, qubits) by key, and the probabilities of the outcomes.

    >>> import cirq
    >>> from qsession_core import Workspace
    >>> from qsession_cirq import AzureQuantumService
    >>> target = AzureQuantumService(Workspace.local(seed=7)).get_target("ionq.simulator")
    >>> qubit = cirq.LineQubit(0)
    >>> circuit = cirq.Circuit(cirq.X(qubit), cirq.measure(qubit, key="m"))
    >>> target.submit(circuit, repetitions=10).results().counts("m")
    Counter({1: 10})
    """

    def __init__(
        self,
        *,
        params: cirq.ParamResolver | None = None,
        records: Mapping[str, NDArray[np.uint8]] | None = None,
        measurements: Mapping[str, NDArray[np.uint8]] | None = None,
        probabilities: Callable[[str | None], dict[int, float]] | None = None,
        measurement_dict: Mapping[str, Sequence[int]] | None = None,
        num_qubits: int = 0,
    ) -> None:
        """Keep the records; users get results from ``Job.results``.

        Args:
            params: The values that the circuit ran with.
            records: By key: bits of shape (repetitions, instances, qubits).
            measurements: Instead of records: bits of shape (repetitions, qubits) by key.
            probabilities: Takes a key or None, returns the probability of each outcome, as ``Job.probabilities``; by
                default the shares of the repetitions.
            measurement_dict: The indices of the qubits that each key measures.
            num_qubits: The qubits of the circuit.
        """
        super().__init__(params=params, records=records, measurements=measurements)
        self._probabilities = probabilities
        self._measurement_dict = {key: list(qubits) for key, qubits in (measurement_dict or {}).items()}
        self._num_qubits = num_qubits

    @classmethod
    def _json_namespace_(cls) -> str:
        return ""  # so that it is written, and read, as Cirq's own class of the same name

    def probabilities(self, key: str | None = None) -> dict[int, float]:
        """Return each outcome's probability: the provider's if it gives any, else the share of repetitions.

        Args:
            key: Only this key's bits; by default those of all keys, in their order.

        Raises:
            ValueError: There is no such key.
        """
        self._check(key)
        if self._probabilities is not None:
            return self._probabilities(key)
        found = self.counts(key)
        return {outcome: count / self.repetitions for outcome, count in sorted(found.items())}

    def counts(self, key: str | None = None) -> Counter[int]:
        """Return how many repetitions have each outcome, an integer with the first qubit as its most significant bit.

        Args:
            key: Only this key's bits; by default those of all keys, in their order.

        Raises:
            ValueError: There is no such key.
        """
        self._check(key)
        keys = [key] if key is not None else list(self.records)
        rows = np.concatenate([self.records[each].reshape(self.repetitions, -1) for each in keys], axis=1)
        return Counter(int("".join(map(str, row)), 2) for row in rows.astype(int).tolist())

    def to_cirq_result(
        self,
        params: cirq.ParamResolver | None = None,
        seed: cirq.RANDOM_STATE_OR_SEED_LIKE = None,
        override_repetitions: int | None = None,
    ) -> cirq.ResultDict:
        """Return Cirq's plain result.

        Args:
            params: Its ``params``; by default those of the job.
            seed: Seeds the draw of other repetitions.
            override_repetitions: Draw so many repetitions at random from those of the job.

        Returns:
            The repetitions of the job; it is not drawn again, unless another number of them is wanted.
        """
        records = dict(self.records)
        if override_repetitions is not None:
            chosen = cirq.value.parse_random_state(seed).randint(self.repetitions, size=override_repetitions)
            records = {key: each[chosen] for key, each in records.items()}
        return cirq.ResultDict(params=self.params if params is None else params, records=records)

    def num_qubits(self) -> int:
        """Return how many qubits the circuit has; 0 if unknown."""
        return self._num_qubits

    def measurement_dict(self) -> dict[str, list[int]]:
        """Return the indices of the qubits that each key measures."""
        return self._measurement_dict

    def _check(self, key: str | None) -> None:
        if key is not None and key not in self.records:
            there = ", ".join(self.records) or "none"
            raise ValueError(f"There is no measurement key {key!r}; there is: {there}.")

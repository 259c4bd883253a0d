"""Noise as error probabilities: what goes wrong with gates, preparation and readout.

Names follow Quantinuum's ``error-params`` where it has one. Depolarising errors draw one of the Paulis other than the
identity, all alike. Source: protocol.md 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Noise", "noise_of"]


@dataclass(frozen=True, slots=True)
class Noise:
    """Error probabilities.

    Attributes:
        p1: Of a one-qubit gate.
        p2: Of a gate on two qubits or more, on its first two.
        p_meas_0: That a 0 is read as 1.
        p_meas_1: That a 1 is read as 0.
        p_init: That a qubit is prepared, or reset, as 1.
    """

    p1: float = 0.0
    p2: float = 0.0
    p_meas_0: float = 0.0
    p_meas_1: float = 0.0
    p_init: float = 0.0

    @property
    def is_none(self) -> bool:
        """Whether nothing can go wrong."""
        return not (self.p1 or self.p2 or self.p_meas_0 or self.p_meas_1 or self.p_init)

    def of_gate(self, num_qubits: int) -> float:
        """Return the error probability of a gate on so many qubits."""
        return self.p1 if num_qubits == 1 else self.p2


def _probability(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise JobFailure("InvalidInputData", f"error-params: {name} is {value!r}, no probability.")
    return float(value)


def noise_of(
    params: Mapping[str, Any], default: Mapping[str, float], models: Mapping[str, Mapping[str, float]]
) -> dict[str, float]:
    """Return the noise of a job: what its target has, as its inputParams change it.

    Args:
        params: The job's inputParams: ``error-model``, ``error-params`` (Quantinuum), ``noise`` (IonQ).
        default: The target's own noise.
        models: Noise by the names that ``noise.model`` may take.

    Raises:
        JobFailure: They ask for noise that there is not.
    """
    noise = dict(default)
    wanted = params.get("noise")
    if wanted is not None and models:
        model = wanted.get("model") if isinstance(wanted, dict) else wanted
        if model in {None, "ideal"}:
            return {}
        if not isinstance(model, str) or model not in models:
            raise JobFailure("InvalidInputData", f"noise: no model {model!r}; one of ideal, {', '.join(models)}.")
        return dict(models[model])
    if params.get("error-model") is False:
        return {}
    changes = params.get("error-params")
    if default and isinstance(changes, dict):
        for name, value in changes.items():
            if name == "p_meas" and isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - for 0 and for 1
                noise["p_meas_0"], noise["p_meas_1"] = (_probability(name, entry) for entry in value)
            elif name == "p_meas":
                noise["p_meas_0"] = noise["p_meas_1"] = _probability(name, value)
            elif name in {"p1", "p2", "p_init"}:
                noise[name] = _probability(name, value)
    return noise

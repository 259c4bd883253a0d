"""Noise as error probabilities: what goes wrong with gates, preparation and readout.

Names follow Quantinuum's ``error-params`` where it has one. The model, the same on every simulator:

* After a gate on one qubit, with probability ``p1``, that qubit suffers X, Y or Z, each equally likely.
* After a gate on several qubits, with probability ``p2``, its last two suffer one of the 15 pairs of Paulis other than
  the identity, each equally likely.
* Of these errors, the shares ``p1_emission_ratio`` and ``p2_emission_ratio`` are spontaneous emission instead: the
  qubit, or one of the last two, each equally likely, falls to 0.
* After a gate, each of its last two qubits is lost with probability ``p_loss``. Gates on a lost qubit do nothing, and
  it is measured as lost, until it is reset. A classical condition reads a lost result as 0.
* Each qubit starts, and comes out of a reset, as 1 with probability ``p_init``.
* A measured 0 is reported as 1 with probability ``p_meas_0``, a 1 as 0 with ``p_meas_1``; the qubit keeps its state.
* When a qubit is measured, every other qubit suffers X, Y or Z, each equally likely, with probability
  ``p_crosstalk_meas``; when one is reset, with ``p_crosstalk_init``.

Source: docs/protocol.md 5.2 for the names. What emission and crosstalk do to a qubit is our choice,
and so is ``p_loss``, which has no counterpart there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.circuit import JobFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.readers.circuit import Circuit

__all__ = ["Noise", "noise_of"]


@dataclass(frozen=True, slots=True)
class Noise:
    """Error probabilities, each between 0 and 1. See this module's docstring for what they mean."""

    p1: float = 0.0
    p2: float = 0.0
    p_meas_0: float = 0.0
    p_meas_1: float = 0.0
    p_init: float = 0.0
    p_crosstalk_meas: float = 0.0
    p_crosstalk_init: float = 0.0
    p1_emission_ratio: float = 0.0
    p2_emission_ratio: float = 0.0
    p_loss: float = 0.0

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the probabilities that are not 0."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name))

    @property
    def is_none(self) -> bool:
        """Whether nothing can go wrong."""
        return self == Noise()

    @property
    def is_of_paulis(self) -> bool:
        """Whether what goes wrong at gates is Paulis and nothing else: no qubit falls to 0 or is lost."""
        return not (self.p1_emission_ratio or self.p2_emission_ratio or self.p_loss)

    def only(self, *names: str) -> Noise:
        """Return the noise with all probabilities but these set to 0."""
        return Noise(**{name: getattr(self, name) for name in names})

    def of_gate(self, num_qubits: int) -> float:
        """Return the error probability of a gate on this many qubits."""
        return self.p1 if num_qubits == 1 else self.p2

    def emission_of_gate(self, num_qubits: int) -> float:
        """Return the share of spontaneous emission among the errors of a gate on this many qubits."""
        return self.p1_emission_ratio if num_qubits == 1 else self.p2_emission_ratio

    def of_crosstalk(self, name: str) -> float:
        """Return the error probability of every other qubit at a ``measure`` or ``reset``."""
        return self.p_crosstalk_meas if name == "measure" else self.p_crosstalk_init

    def expected_errors(self, circuit: Circuit) -> float:
        """Return how many errors of gates and preparations one shot of a circuit has on average."""
        errors = circuit.num_qubits * self.p_init
        for name, places, _ in circuit.operations:
            if name in {"measure", "reset"}:
                errors += (name == "reset") * self.p_init + (circuit.num_qubits - 1) * self.of_crosstalk(name)
            else:
                errors += self.of_gate(len(places)) + len(places[-2:]) * self.p_loss
        return errors


# error-params that are members of Noise; p_meas is two of them
_PARAMETERS = {field.name for field in fields(Noise)} - {"p_meas_0", "p_meas_1"}


def _probability(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise JobFailure(
            "InvalidInputData", f"error-params: {name} is {value!r}; it must be a probability between 0 and 1."
        )
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
        JobFailure: They name a model or a parameter that is not simulated here, or a value that is not a probability.
    """
    noise = dict(default)
    wanted = params.get("noise")
    if wanted is not None and not models:
        raise JobFailure("InvalidInputData", "noise: the target has no noise models; leave it out.")
    if wanted is not None:
        model = wanted.get("model") if isinstance(wanted, dict) else wanted
        if model is None or model == "ideal":
            return {}
        if not isinstance(model, str) or model not in models:
            raise JobFailure(
                "InvalidInputData", f"noise: there is no model {model!r}; use one of ideal, {', '.join(models)}."
            )
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
            elif name in _PARAMETERS:
                noise[name] = _probability(name, value)
            else:
                raise JobFailure(
                    "InvalidInputData",
                    f"error-params: {str(name)[:64]} is not simulated by the local workspace; leave it out.",
                )
    return noise

"""From a stored job to a task; and what a job costs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.counting import amount_of, price_of
from qsession_core.local.execution.task import Outcome, Task, unread
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.simulators.noise import noise_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.local.faults import Faults
    from qsession_core.local.storage.blobs import Blobs
    from qsession_core.local.storage.items import Job
    from qsession_core.local.targets import LocalTarget

__all__ = ["Tasks", "cost_of", "shots_of"]

_SHOTS_DIGITS = 18  # more shots than any target takes; int() refuses texts of some thousand digits


class Tasks:
    """Makes tasks of stored jobs.

    Args:
        blobs: The jobs' inputs.
        targets: By id in lower case.
        simulator: The simulator for all jobs, by its entry point's name; empty to choose for each.
        faults: Makes jobs fail on request; None for never.
    """

    def __init__(self, blobs: Blobs, targets: Mapping[str, LocalTarget], simulator: str, faults: Faults | None) -> None:
        self._blobs = blobs
        self._targets = targets
        self._simulator = simulator
        self._faults = faults

    def fault_of(self, job: Job) -> Outcome | None:
        """Return the failure that was asked for a job that starts; None for none."""
        fault = None if self._faults is None else self._faults.of_job(job)
        return None if fault is None else Outcome(b"", code=fault.code, message=fault.message)

    def task_of(self, job: Job) -> Task | Outcome:
        """Return the task of a job, or its outcome where nothing can be run."""
        target = self._targets.get(job.target.lower())
        if target is None:
            return Outcome(b"", code="InvalidInputData", message=f"There is no target {job.target} any more.")
        payload = self._blobs.read(job.container, job.input_blob)
        if payload is None:
            return Outcome(
                b"",
                code="InputDataNotFound",
                message="The input data for the job could not be found. Please ensure the data at inputDataUri exists.",
                was_unread=True,
            )
        params = msgspec.json.decode(job.input_params) if job.input_params else {}
        if not isinstance(params, dict):
            params = {}
        try:
            shots = shots_of(params, target)
            noise = noise_of(params, target.noise, target.noise_models)
        except JobFailure as failure:
            return unread(failure)
        model = _noise_model(params, target)
        return Task(
            target.id,
            job.input_format,
            job.output_format,
            payload,
            params,
            shots,
            _seed_of(params, job),
            min(target.num_qubits, target.noise_qubits.get(model, target.num_qubits)),
            noise_model=model,
            profile=target.profile,
            results="sampled" if noise and target.results == "exact" else target.results,
            noise=noise,
            gates=target.gates,
            simulator=self._simulator,
        )


def shots_of(params: Mapping[str, Any], target: LocalTarget) -> int:
    """Return how many shots a job's inputParams ask for.

    Raises:
        JobFailure: They ask for something that is not a positive number, or for more than the target takes.
    """
    default = target.default_shots
    if target.noisy_shots is not None and _noise_model(params, target):
        default = target.noisy_shots
    asked = next((params[name] for name in ("shots", "count") if params.get(name) is not None), default)
    if isinstance(asked, str) and asked.isdecimal() and len(asked) <= _SHOTS_DIGITS:
        asked = int(asked)
    if isinstance(asked, bool) or not isinstance(asked, int) or asked < 1:
        raise JobFailure("InvalidInputData", f"shots must be a positive number, not {asked!r}.")
    if target.max_shots is not None and asked > target.max_shots:
        raise JobFailure("InvalidInputData", f"The job asks for {asked} shots; {target.id} takes {target.max_shots}.")
    return asked


def _noise_model(params: Mapping[str, Any], target: LocalTarget) -> str:
    """Return the noise model that a job asks for; empty for none."""
    noise = params.get("noise")
    model = noise.get("model") if isinstance(noise, dict) else noise
    return model if isinstance(model, str) and model in target.noise_models else ""


def _seed_of(params: Mapping[str, Any], job: Job) -> int:
    """Return the seed of a job's shots: ``noise.seed`` of IonQ where it is given, else the stored one."""
    noise = params.get("noise")
    seed = noise.get("seed") if isinstance(noise, dict) else None
    if isinstance(seed, int) and not isinstance(seed, bool) and seed >= 0:
        return seed % (1 << 63)  # simulators take 64 bits
    return int(job.seed)


def cost_of(target: LocalTarget, outcome: Outcome, seconds: float) -> dict[str, Any] | None:
    """Return a job's cost estimate: the amounts used, at a price of 0.

    Quantinuum and IonQ charge for gates: those of the program as it was sent, because their compilers are not known
    here. Rigetti and Pasqal charge for time: that of the simulation. Source: docs/protocol.md 4.5.

    Args:
        target: Where the job ran.
        outcome: How it ended.
        seconds: How long it ran.

    Returns:
        None for a target without cost events, and for gates that cannot be counted.
    """
    counts, shots = outcome.counts, outcome.shots
    if not target.cost or counts is None:
        return None
    price = price_of(target.id)
    is_hardware = ".qpu." in target.id
    amount = 0.0 if price is None else amount_of(price, counts, shots)
    used = {"hqc": amount, "ehqc": amount}
    if is_hardware:
        used |= {"gs1q": float(counts.one * shots), "gs2q": float(counts.two * shots)}
        used["qpu_time_centiseconds"] = float(max(1, math.ceil(100 * seconds)))
    used[f"compute-time-{'qpu' if is_hardware else 'emu'}"] = seconds / 3600
    events = [
        {
            "dimensionId": dimension,
            "dimensionName": name,
            "measureUnit": unit,
            "amountBilled": used.get(dimension, 0.0),
            "amountConsumed": used.get(dimension, 0.0),
            "unitPrice": 0.0,
        }
        for dimension, name, unit in target.cost
    ]
    return {"currencyCode": "USD", "events": events, "estimatedTotal": 0.0}

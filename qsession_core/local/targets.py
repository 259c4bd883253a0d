"""What the local workspace offers: each known target of the catalog, with what is needed to behave like it.

A user adds or changes rows from Python (:class:`LocalTarget`) or from a TOML file:

.. code-block:: toml

    [[target]]
    id = "quantinuum.sim.h2-1e"      # a known id: only what is written here changes
    queue_seconds = 30
    availability = "Degraded"

    [[target]]
    id = "acme.sim.tiny"
    num_qubits = 4
    profile = "Base"
    max_shots = 100
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from qsession_core import catalog
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from qsession_core.catalog import KnownTarget

__all__ = ["TARGETS", "LocalTarget", "read_targets", "with_changes"]

IONQ_JSON = {"ionq.circuit.v1": ("ionq.quantum-results.v1",)}
QIR_RESULTS = ("microsoft.quantum-results.v2", "microsoft.quantum-results.v1")
QIR = {"qir.v1": QIR_RESULTS}
OPENQASM = {"honeywell.openqasm.v1": ("honeywell.quantum-results.v1",)}
QUIL = {"rigetti.quil.v1": ("rigetti.quil-results.v1",)}
PULSER = {"pasqal.pulser.v1": ("pasqal.pulser-results.v1",)}
_AVAILABLE = ("Available", "Degraded", "Unavailable")


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """One target of the local workspace.

    Attributes:
        id: Its name on the wire, such as ``"ionq.simulator"``.
        num_qubits: The widest program that it takes.
        profile: QIR target profile: ``Base``, ``Adaptive_RI`` or ``Adaptive_RIF``; empty for none.
        provider_id: Its provider; empty for the id up to its first dot.
        formats: Input format -> its output formats, the default first.
        max_shots: The most shots of a job; None for no limit.
        default_shots: The shots of a job that asks for none.
        noisy_shots: The same for a job that asks for a noise model; None for ``default_shots``.
        availability: ``Available``, ``Degraded`` (takes jobs, does not run them now) or ``Unavailable`` (takes none).
        queue_seconds: The time from submission to start, by the workspace's clock.
        average_queue_seconds: The queue time in providerStatus; None for ``queue_seconds``.
        parallel: The most jobs that run at once; None for as many as the machine can.
        hold_seconds: A session has the target to itself while its jobs follow one another within this time.
        results: How results are made: ``"sampled"``, ``"exact"`` (probabilities where the format has them, shots in
            their proportion) or ``"zeros"`` (syntax checkers run nothing).
        noise: Name -> error probability of the noise that is on unless a job switches it off (see noise.py).
        noise_models: Name -> noise that a job may ask for, as by ionq's ``noise.model``.
        noise_qubits: Name of a noise model -> the widest program that may ask for it; others take ``num_qubits``.
        gates: The gate words that a job may use; empty for all.
        status_page: The statusPage in providerStatus.
        cost: (dimensionId, dimensionName, measureUnit) of each cost event of its jobs; the local price is zero.
    """

    id: str
    num_qubits: int = 20
    profile: str = "Base"
    provider_id: str = ""
    formats: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: dict(QIR))
    max_shots: int | None = None
    default_shots: int = 500
    noisy_shots: int | None = None
    availability: str = "Available"
    queue_seconds: float = 0.0
    average_queue_seconds: int | None = None
    parallel: int | None = None
    hold_seconds: float = 0.0
    results: str = "sampled"
    noise: Mapping[str, float] = field(default_factory=dict)
    noise_models: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    noise_qubits: Mapping[str, int] = field(default_factory=dict)
    gates: frozenset[str] = frozenset()
    status_page: str = ""
    cost: tuple[tuple[str, str, str], ...] = ()

    def __post_init__(self) -> None:
        """Check the values."""
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", self.id):
            raise ConfigurationError(f"{self.id!r} is not a target id; use letters, digits, dots, dashes, underscores.")
        if self.availability not in _AVAILABLE:
            raise ConfigurationError(f"{self.id}: availability is {self.availability!r}; use one of {_AVAILABLE}.")
        if self.results not in {"sampled", "exact", "zeros"}:
            raise ConfigurationError(f"{self.id}: results is {self.results!r}; use sampled, exact or zeros.")
        if self.num_qubits < 1 or self.default_shots < 1:
            raise ConfigurationError(f"{self.id}: num_qubits and default_shots must be at least 1.")

    @property
    def provider(self) -> str:
        """The provider's id, in lower case."""
        return (self.provider_id or self.id.split(".", 1)[0]).lower()


_IONQ_COST = (("gs1q", "1Q Gate Shot", "1q gate shot"), ("gs2q", "2Q Gate Shot", "2q gate shot"))
# Depolarising errors of one- and two-qubit gates and readout flips, in the order of what the provider publishes
_IONQ_NOISE: dict[str, dict[str, float]] = {
    "harmony": {"p1": 4e-3, "p2": 2.7e-2, "p_meas_0": 3.9e-3, "p_meas_1": 3.9e-3},
    "aria-1": {"p1": 5e-4, "p2": 1.33e-2, "p_meas_0": 3.9e-3, "p_meas_1": 3.9e-3},
    "forte-1": {"p1": 2e-4, "p2": 4.6e-3, "p_meas_0": 5e-3, "p_meas_1": 5e-3},
    "forte-enterprise-1": {"p1": 2e-4, "p2": 4.6e-3, "p_meas_0": 5e-3, "p_meas_1": 5e-3},
}
# As many qubits as the machine has that a noise model is named after; harmony is not offered any more
_IONQ_NOISE_QUBITS = {"harmony": 11} | {
    known.name.removeprefix("ionq.qpu."): known.num_qubits for known in catalog.targets_of("ionq")
}
_H2_NOISE = {"p1": 3e-5, "p2": 1e-3, "p_meas_0": 1e-3, "p_meas_1": 1e-3, "p_init": 4e-5}
_HQC = (("hqc", "HQC", "hqc"),)
_EHQC = (("ehqc", "EHQC", "hqc"),)
_RIGETTI_COST = (("qpu_time_centiseconds", "QPU Execution Time", "10ms (rounded up)"),)
_PASQAL_COST = (
    ("compute-time-emu", "Compute Time on HPC-based Emulators", "per hour"),
    ("compute-time-qpu", "Compute Time on QPU", "per hour"),
)


def _ionq(name: str) -> dict[str, Any]:
    noise_model = name.removeprefix("ionq.qpu.")
    return {
        "formats": {**IONQ_JSON, **QIR},
        "results": "exact" if noise_model == name else "sampled",
        "noise": _IONQ_NOISE.get(noise_model, {}),
        "noisy_shots": 1000,
        "noise_models": _IONQ_NOISE if noise_model == name else {},
        "noise_qubits": _IONQ_NOISE_QUBITS,
        "status_page": "https://status.ionq.co",
        "cost": _IONQ_COST,
    }


def _quantinuum(name: str) -> dict[str, Any]:
    is_hardware, is_checker = ".qpu." in name, name.endswith("sc")
    return {
        "formats": {**OPENQASM, **QIR},
        "default_shots": 1,  # recorded: a job without shots came back with one
        "results": "zeros" if is_checker else "sampled",
        "noise": {} if is_checker else _H2_NOISE,
        "parallel": 1 if is_hardware else None,
        "status_page": "https://www.quantinuum.com/products-solutions/quantinuum-systems",
        "cost": _HQC if is_hardware else _EHQC,
    }


def _rigetti(_name: str) -> dict[str, Any]:
    return {
        "formats": {**QUIL, **QIR},
        "default_shots": 1,  # recorded: a job without shots came back with one
        "status_page": "https://rigetti.statuspage.io/",
        "cost": _RIGETTI_COST,
    }


def _pasqal(_name: str) -> dict[str, Any]:
    return {"formats": PULSER, "default_shots": 100, "cost": _PASQAL_COST}


# What the local workspace adds to the catalog's facts, by provider
_OF_PROVIDER = {"ionq": _ionq, "pasqal": _pasqal, "quantinuum": _quantinuum, "rigetti": _rigetti}


def _from_catalog(known: KnownTarget) -> LocalTarget:
    """Return the local namesake of a known target."""
    return LocalTarget(
        known.name,
        known.num_qubits,
        known.profile,
        max_shots=known.max_shots,
        hold_seconds=known.hold_seconds or 0.0,
        **_OF_PROVIDER[known.name.split(".", 1)[0]](known.name),
    )


TARGETS: tuple[LocalTarget, ...] = tuple(map(_from_catalog, catalog.TARGETS))

_FIELDS = {entry.name for entry in fields(LocalTarget)}


def with_changes(rows: Iterable[LocalTarget], changes: Iterable[LocalTarget]) -> dict[str, LocalTarget]:
    """Return id in lower case -> target; a change replaces the target of its id."""
    found = {row.id.lower(): row for row in rows}
    found.update({row.id.lower(): row for row in changes})
    return found


def read_targets(path: Path) -> list[LocalTarget]:
    """Return the targets that a TOML file adds or changes.

    Raises:
        ConfigurationError: The file is not TOML, or a table has members that targets do not have.
    """
    import tomllib

    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("target", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigurationError(f"The targets in {path.name} cannot be read: {error}. Correct the file.") from error
    known = {row.id.lower(): row for row in TARGETS}
    return [_from_table(table, known) for table in tables]


def _from_table(table: dict[str, Any], known: Mapping[str, LocalTarget]) -> LocalTarget:
    """Make a target of a TOML table."""
    unknown = sorted(set(table) - _FIELDS)
    if unknown or not isinstance(table.get("id"), str):
        problem = f"unknown members {', '.join(unknown)}" if unknown else "no id"
        raise ConfigurationError(f"A [[target]] has {problem}; members are {', '.join(sorted(_FIELDS))}.")
    values = dict(table)
    if "formats" in values:
        values["formats"] = {name: tuple(outputs) for name, outputs in values["formats"].items()}
    if "gates" in values:
        values["gates"] = frozenset(values["gates"])
    if "cost" in values:
        values["cost"] = tuple(tuple(row) for row in values["cost"])
    base = known.get(values["id"].lower(), LocalTarget(values["id"]))
    try:
        return replace(base, **values)
    except TypeError as error:
        raise ConfigurationError(f"{values['id']}: {error}; correct its [[target]].") from error

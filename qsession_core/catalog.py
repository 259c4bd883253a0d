"""Every known target once, and what the providers charge; read by providers, local workspace and cost estimates.

Source: docs/protocol.md 5. Where the provider's documentation and the official client differ, the documentation counts.
What a workspace says of a target wins over its entry here. A target without an entry works with what the workspace
says.

>>> [target.name for target in targets_of("rigetti")]
['rigetti.sim.qvm', 'rigetti.qpu.cepheus-1-108q']
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

__all__ = ["PRICES", "TARGETS", "KnownTarget", "Price", "targets_of"]


@dataclass(frozen=True, slots=True)
class KnownTarget:
    """What is known of a target.

    Attributes:
        name: Its id, such as ``"ionq.simulator"``; up to the first dot it is the provider's id.
        num_qubits: The widest program it takes.
        profile: Its QIR profile: ``"Base"``, ``"Adaptive_RI"`` or ``"Adaptive_RIF"``; empty if it takes no QIR.
        max_shots: The most shots of one job; None for no known limit.
        is_simulator: Whether it runs on no quantum hardware.
        hold_seconds: A session has the hardware to itself while its jobs follow one another within this time; None if
            sessions hold nothing.
        pair_gate: The two-qubit gate of its native gate set, ``"ms"`` or ``"zz"``; None if it takes both or has no
            native gate set.
    """

    name: str
    num_qubits: int
    profile: str = "Base"
    max_shots: int | None = None
    is_simulator: bool = False
    hold_seconds: float | None = None
    pair_gate: str | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """How a target charges: ``fixed + shots * (one * N1q + two * N2q + measure * Nm)``.

    N1q, N2q and Nm are gates and measurements of the encoded program
    (:class:`~qsession_core.counting.GateCounts`).

    Attributes:
        targets: A pattern of target names, such as ``"ionq.qpu.*"``.
        unit: The unit of the amount, such as ``"AQT"``, ``"HQC"`` or a currency.
        as_of: When the price was looked up.
        fixed: For each job.
        one: For each one-qubit gate and shot.
        two: For each two-qubit gate and shot.
        measure: For each preparation, measurement or reset, and shot.
        fixed_with_mitigation: Replaces ``fixed`` unless the job switches error mitigation off; None if the target has
            no error mitigation.
        source: Where it was looked up; empty for a price of one's own.
    """

    targets: str
    unit: str
    as_of: date
    fixed: float = 0.0
    one: float = 0.0
    two: float = 0.0
    measure: float = 0.0
    fixed_with_mitigation: float | None = None
    source: str = ""


def _ionq(name: str, num_qubits: int, pair_gate: str) -> KnownTarget:
    return KnownTarget(f"ionq.qpu.{name}", num_qubits, max_shots=10_000, pair_gate=pair_gate)


def _quantinuum(name: str, num_qubits: int, profile: str) -> KnownTarget:
    if name.startswith("qpu."):
        return KnownTarget(f"quantinuum.{name}", num_qubits, profile, max_shots=10_000, hold_seconds=60.0)
    return KnownTarget(f"quantinuum.{name}", num_qubits, profile, is_simulator=True)


def _pasqal(name: str, num_qubits: int) -> KnownTarget:
    return KnownTarget(f"pasqal.{name}", num_qubits, "", is_simulator=name.startswith("sim."))


TARGETS: tuple[KnownTarget, ...] = (
    KnownTarget("ionq.simulator", 29, is_simulator=True),
    _ionq("aria-1", 25, "ms"),
    _ionq("forte-1", 36, "zz"),
    _ionq("forte-enterprise-1", 36, "zz"),
    _pasqal("sim.emu-tn", 100),
    _pasqal("sim.emu-sv", 25),
    _pasqal("sim.emu-mps", 80),
    _pasqal("sim.emu-free", 12),
    _pasqal("qpu.fresnel", 100),
    _pasqal("qpu.fresnel-can1", 100),
    _quantinuum("qpu.h2-1", 56, "Adaptive_RI"),
    _quantinuum("sim.h2-1sc", 56, "Adaptive_RI"),
    _quantinuum("sim.h2-1e", 56, "Adaptive_RI"),
    _quantinuum("qpu.h2-2", 56, "Adaptive_RI"),
    _quantinuum("sim.h2-2sc", 56, "Adaptive_RI"),
    _quantinuum("sim.h2-2e", 56, "Adaptive_RI"),
    _quantinuum("qpu.helios-1", 98, "Adaptive_RIF"),
    _quantinuum("sim.helios-1sc", 98, "Adaptive_RIF"),
    _quantinuum("sim.helios-1e", 98, "Adaptive_RIF"),
    KnownTarget("rigetti.sim.qvm", 20, is_simulator=True),
    KnownTarget("rigetti.qpu.cepheus-1-108q", 108),
)

_LOOKED_UP = date(2025, 9, 1)
_PLANS = "https://learn.microsoft.com/azure/quantum/pricing"


def _aqt(family: str, unmitigated: float, one: float, two: float, mitigated: float) -> Price:
    return Price(f"ionq.qpu.{family}", "AQT", _LOOKED_UP, unmitigated, one, two, 0.0, mitigated, _PLANS)


def _hqc(targets: str, unit: str) -> Price:
    """Return 5 + shots * (N1q + 10 N2q + 5 Nm) / 5000."""
    return Price(f"quantinuum.{targets}", unit, _LOOKED_UP, 5.0, 1 / 5000, 10 / 5000, 5 / 5000, None, _PLANS)


# The first pattern that fits counts; patterns, so that a new target of a family has a price. A new family has none
# until its row is here: another family's price would be wrong by half. IonQ's hardware mitigates errors by default
PRICES: tuple[Price, ...] = (
    Price("ionq.simulator", "AQT", _LOOKED_UP, source=_PLANS),
    _aqt("aria-*", 12.4166, 0.000220, 0.000975, 97.50),
    _aqt("forte-enterprise-*", 25.7899, 0.0001645, 0.001121, 168.195),
    _aqt("forte-*", 25.7899, 0.0001645, 0.001121, 168.195),
    Price("quantinuum.sim.*sc", "HQC", _LOOKED_UP, source=_PLANS),
    _hqc("sim.*", "eHQC"),
    _hqc("qpu.*", "HQC"),
    Price("rigetti.sim.*", "USD", _LOOKED_UP, source=_PLANS),
)


def targets_of(provider_id: str) -> tuple[KnownTarget, ...]:
    """Return the known targets of a provider, by its id in lower case."""
    return tuple(target for target in TARGETS if target.name.startswith(f"{provider_id}."))

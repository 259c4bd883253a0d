"""What a job would cost, before it is sent: an estimate from a dated price table that users can replace.

Source of the formulas: "Pricing plans for Azure Quantum providers", as of 2024-12-05.

* IonQ: AQT = m + 0.000220 N1q C + 0.000975 N2q C, with m = 97.50 with error mitigation, which hardware has on unless it
  is switched off, and 12.4166 without. A gate on N > 2 qubits counts as 6 (N - 2) two-qubit gates.
* Quantinuum: HQC = 5 + C (N1q + 10 N2q + 5 Nm) / 5000; Nm counts preparations, measurements and resets. Its emulators
  count the same in eHQC.

N are counted in the encoded program, with both sides of a branch, C is the number of shots.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.catalog import PRICES, Price
from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = ["GateCounts", "JobCost", "Quote", "estimate"]


@dataclass(frozen=True, slots=True)
class GateCounts:
    """What an encoded program has.

    Attributes:
        one: One-qubit gates.
        two: Two-qubit gates, larger ones counted as the provider counts them.
        measure: Preparations, measurements and resets.
    """

    one: int
    two: int
    measure: int


@dataclass(frozen=True, slots=True)
class Quote:
    """An estimate; what is billed is the provider's word.

    Attributes:
        amount: How much.
        unit: Of what.
        as_of: The date of the price.
        counts: What it was counted from.
        shots: For how many shots.
    """

    amount: float
    unit: str
    as_of: date
    counts: GateCounts
    shots: int


def estimate(
    data: bytes,
    input_data_format: str,
    shots: int,
    target: str,
    prices: Sequence[Price] = PRICES,
    input_params: Mapping[str, Any] | None = None,
) -> Quote:
    """Estimate what a job costs.

    Args:
        data: The encoded program.
        input_data_format: What it is encoded in.
        shots: How many.
        target: Where it would run.
        prices: The table; the first pattern that fits counts.
        input_params: The job's; error mitigation may be switched off there.

    Raises:
        ConfigurationError: There is no price for this target, or nothing can be counted in this format.
    """
    price = next((price for price in prices if fnmatchcase(target, price.targets)), None)
    if price is None:
        raise ConfigurationError(
            f"There is no price for {target}. Put one in front of workspace.prices: Price({target!r}, unit, date, ...)."
        )
    counts = _counted(data, input_data_format)
    fixed = price.fixed
    mitigation = (input_params or {}).get("error-mitigation")
    if price.fixed_with_mitigation is not None and not (
        isinstance(mitigation, Mapping) and mitigation.get("debias") is False
    ):
        fixed = price.fixed_with_mitigation
    per_shot = price.one * counts.one + price.two * counts.two + price.measure * counts.measure
    return Quote(fixed + shots * per_shot, price.unit, price.as_of, counts, shots)


_QIR_CALL = re.compile(rb"call void @__quantum__qis__(\w+?)__(?:body|adj)\(([^\n]*)\n")
_QIR_POINTER = re.compile(rb"(?:^|,)\s*(?:%Qubit\s*\*|ptr\b)")
_BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")  # its gates are not text
_QASM_CALL = re.compile(rb"^(?:if\([^)]*\) *)?([a-z]\w*)(?:\([^;]*?\))? +(q\[[^;]*);", re.MULTILINE)
_MEASURES = {b"m", b"mz", b"mresetz", b"reset"}


def _counted(data: bytes, input_data_format: str) -> GateCounts:
    if input_data_format == "ionq.circuit.v1":
        document = msgspec.json.decode(data, type=dict[str, Any])
        sizes = [sum(len(_some(gate, word)) for word in ("target", "control")) for gate in document.get("circuit", ())]
        return _sorted(sizes, int(document.get("qubits", 0)))
    if input_data_format == "qir.v1" and b"__quantum__" in data and not data.startswith(_BITCODE):
        calls = [(name, len(_QIR_POINTER.findall(arguments))) for name, arguments in _QIR_CALL.findall(data)]
        measures = sum(name in _MEASURES for name, _ in calls)
        found = re.search(rb'"required_num_qubits"="(\d+)"', data)
        gates = [size for name, size in calls if name not in _MEASURES and not name.startswith(b"barrier")]
        return _sorted(gates, measures + int(found[1] if found else 0))
    if input_data_format == "honeywell.openqasm.v1":
        words = [(name, arguments.count(b"q[")) for name, arguments in _QASM_CALL.findall(data)]
        found = re.search(rb"qreg q\[(\d+)\]", data)
        other = {b"measure", b"reset"}
        gates = [size for name, size in words if name not in other | {b"barrier", b"qreg", b"creg"}]
        measures = sum(name in other for name, _ in words)
        return _sorted(gates, measures + int(found[1] if found else 0))
    raise ConfigurationError(
        f"The gates of {input_data_format} cannot be counted, so there is no estimate of its cost."
    )


def _some(gate: Mapping[str, Any], word: str) -> Sequence[int]:
    """Return a gate's targets or controls, which come as one or as a list."""
    several = gate.get(f"{word}s")
    if several is not None:
        return list(several)
    return [gate[word]] if word in gate else []


def _sorted(sizes: Sequence[int], measures: int) -> GateCounts:
    """Count gates by how many qubits they act on."""
    two = sum(1 if size == 2 else 6 * (size - 2) for size in sizes if size > 1)  # noqa: PLR2004 - two-qubit gates
    return GateCounts(sum(size == 1 for size in sizes), two, measures)


@dataclass(frozen=True, slots=True)
class JobCost:
    """What the service says that a job has cost.

    Attributes:
        job_id: The job's id.
        name: Its name.
        target: Where it ran.
        session_id: The session it belongs to, if any.
        created: When it was created.
        total: How much, in ``currency``; None if the service does not say.
        currency: Such as ``"USD"``.
        usage: What it used up, by the service's own names.
    """

    job_id: str
    name: str
    target: str
    session_id: str | None
    created: datetime | None
    total: float | None
    currency: str | None
    usage: Mapping[str, Any]

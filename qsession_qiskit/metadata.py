"""The metadata of a job that describes its circuit, under the keys of the official client.

The circuit's own metadata is written as JSON. Values without a JSON form are written as text, and complex numbers so
that they can be read back:

>>> import numpy as np
>>> text = to_text({"angle": np.float64(0.5), "amplitude": 1j, "grid": np.arange(3)})
>>> text
'{"angle":0.5,"amplitude":{"__complex__":[0.0,1.0]},"grid":[0,1,2]}'
>>> from_text(text)["amplitude"]
1j
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from qiskit.circuit import QuantumCircuit

__all__ = ["from_text", "stamps", "to_text"]

_COMPLEX = "__complex__"


def stamps(circuit: QuantumCircuit) -> dict[str, str]:
    """Return the metadata of a circuit's job, by the keys that the official client reads and writes."""
    return {
        "qiskit": "True",
        "name": circuit.name,
        "num_qubits": str(circuit.num_qubits),
        "metadata": to_text(circuit.metadata or {}),
    }


def to_text(metadata: object) -> str:
    """Return a circuit's metadata, or any other value, as JSON."""
    return json.dumps(_plain(metadata), separators=(",", ":"))


def from_text(text: str) -> dict[str, Any]:
    """Return a circuit's metadata from its JSON; other text is returned under the key ``text``."""
    try:
        found = json.loads(text, object_hook=_revived)
    except json.JSONDecodeError:
        return {"text": text}
    return found if isinstance(found, dict) else {"text": text}


def _revived(found: dict[str, Any]) -> Any:
    parts = found.get(_COMPLEX)
    return complex(*parts) if len(found) == 1 and isinstance(parts, list) else found


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case complex() | np.complexfloating():
            return {_COMPLEX: [float(value.real), float(value.imag)]}
        case np.generic() | np.ndarray():
            return _plain(value.tolist())
        case dict():
            return {key if isinstance(key, str) else str(key): _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case set() | frozenset():
            return sorted((_plain(each) for each in value), key=str)
        case _:
            return str(value)  # such as a Parameter: its name

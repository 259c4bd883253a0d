"""The layout of a result, from a job's metadata: ours, or that of the official client.

=======================  ===================================================================================
written by               metadata
=======================  ===================================================================================
this package             ``qsession``: a :class:`~qsession_core.results.result.Layout`; IonQ JSON: also ``meas_map``
official client, Qiskit  ``qiskit``, ``num_qubits``; IonQ JSON: also ``meas_map``, classical bit -> qubit or null
official client, Cirq    ``cirq`` and ``measurement_dict``: key -> qubits, in order of first appearance
cirq-ionq                ``measurement0``, ``measurement1``...: pieces of one text, key US qubit,qubit RS key...
=======================  ===================================================================================

All keys, with shapes and examples: docs/metadata.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from qsession_core.decoding import read_json
from qsession_core.results.result import Layout, Register

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["keys_of", "layout_of", "readout_of", "written_by_qiskit"]

_MOST_QUBITS = 1_000_000
_BETWEEN_KEYS, _AFTER_KEY = "\x1e", "\x1f"


def layout_of(metadata: Mapping[str, str]) -> Layout | None:
    """Return the layout that this package wrote; None if it did not write the job.

    Raises:
        ValueError: It cannot be read.
    """
    text = metadata.get(Layout.KEY)
    return None if text is None else Layout.from_text(text)


def written_by_qiskit(metadata: Mapping[str, str]) -> bool:
    """Whether the official client's Qiskit side wrote the job; its QIR records the last classical bit first."""
    return Layout.KEY not in metadata and metadata.get("qiskit", "").lower() == "true"


def keys_of(metadata: Mapping[str, str]) -> dict[str, list[int]] | None:
    """Return measurement key -> qubits, as the official client's Cirq side writes them; None if it did not.

    Raises:
        ValueError: They cannot be read.
    """
    if "measurement_dict" in metadata:
        try:
            return read_json(metadata["measurement_dict"], dict[str, list[int]])
        except msgspec.MsgspecError as error:
            raise ValueError(f"measurement_dict in the job's metadata cannot be read: {error}") from error
    pieces: list[str] = []
    while (key := f"measurement{len(pieces)}") in metadata:
        pieces.append(metadata[key])
    if not pieces:
        return None
    keys = {}
    for entry in "".join(pieces).split(_BETWEEN_KEYS):
        name, _, qubits = entry.partition(_AFTER_KEY)
        if not re.fullmatch(r"[0-9]{1,6}(,[0-9]{1,6})*", qubits):
            raise ValueError(f"measurement0 in the job's metadata has {qubits[:40]!r} for the qubits of {name!r}")
        keys[name] = [int(qubit) for qubit in qubits.split(",")]
    return keys


def readout_of(metadata: Mapping[str, str], widest: int) -> tuple[list[int | None], tuple[Register, ...]]:
    """Return which qubit each classical bit reads, for results that list qubits.

    Returns:
        The qubit of each classical bit (None: the bit is 0), and the registers. Without metadata, one classical bit for
        each of at least ``widest`` qubits.

    Raises:
        ValueError: The metadata cannot be read.
    """
    layout = layout_of(metadata)
    readout: list[int | None]
    if "meas_map" in metadata:
        try:
            readout = read_json(metadata["meas_map"], list[int | None])
        except msgspec.MsgspecError as error:
            raise ValueError(f"meas_map in the job's metadata cannot be read: {error}") from error
        if layout is not None and layout.num_clbits != len(readout):
            raise ValueError(f"meas_map has {len(readout)} entries for {layout.num_clbits} classical bits")
    elif (keys := keys_of(metadata)) is not None:
        readout = [qubit for qubits in keys.values() for qubit in qubits]
        if any(qubit is not None and not 0 <= qubit <= _MOST_QUBITS for qubit in readout):
            raise ValueError("measurement_dict in the job's metadata names a qubit beyond any job's")
        return readout, _one_after_another({key: len(qubits) for key, qubits in keys.items()})
    else:
        width = metadata.get("num_qubits") or metadata.get("qubits") or "1"
        if not re.fullmatch("[0-9]{1,6}", width):
            raise ValueError(f"the job's metadata says {width[:40]!r} qubits")
        readout = list(range(max(widest, int(width))))
    if any(qubit is not None and not 0 <= qubit <= _MOST_QUBITS for qubit in readout):
        raise ValueError("meas_map in the job's metadata names a qubit beyond any job's")
    return readout, layout.registers if layout else _one_after_another({"c": len(readout)})


def _one_after_another(sizes: Mapping[str, int]) -> tuple[Register, ...]:
    """Return registers of these sizes over consecutive bits."""
    registers, start = [], 0
    for name, size in sizes.items():
        registers.append(Register(name, tuple(range(start, start + size))))
        start += size
    return tuple(registers)

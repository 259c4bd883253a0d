"""Reading what ``cirq.to_json`` writes of our gates and gatesets.

>>> import cirq, qsession_cirq
>>> text = cirq.to_json(cirq.Circuit(qsession_cirq.GPI(0.25).on(cirq.LineQubit(0))))
>>> cirq.read_json(json_text=text, resolvers=qsession_cirq.json_resolvers())
cirq.Circuit([
    cirq.Moment(
        qsession_cirq.GPI(0.25).on(cirq.LineQubit(0)),
    ),
])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cirq

from qsession_cirq.basis import IonQNativeGateset, TargetGateset
from qsession_cirq.native import GPI, GPI2, MS, ZZ

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["json_resolvers"]

_CLASSES: dict[str, Any] = {
    f"qsession_cirq.{each.__name__}": each for each in (GPI, GPI2, MS, ZZ, IonQNativeGateset, TargetGateset)
}


def json_resolvers() -> list[Callable[[str], Any]]:
    """Return the resolvers for ``cirq.read_json``: ours, and Cirq's own.

    >>> import cirq
    >>> from qsession_cirq import GPI
    >>> text = cirq.to_json(GPI(phi=0.5))
    >>> cirq.read_json(json_text=text, resolvers=json_resolvers()) == GPI(phi=0.5)
    True
    """
    return [_CLASSES.get, *cirq.DEFAULT_RESOLVERS]

"""Pasqal: analog computers, for which no circuit can be encoded; Pulser sequences go as the caller wrote them.

Source: Azure Quantum's provider page for Pasqal, and the official client 3.13.
"""

from qsession_core.catalog import targets_of
from qsession_core.formats.pasqal import INPUT
from qsession_core.providers.row import Option, Provider

PROVIDER = Provider(
    id="pasqal",
    formats=(),
    raw_format=INPUT,
    input_params={"runs": Option("its own word for shots")},
    targets=targets_of("pasqal"),
)

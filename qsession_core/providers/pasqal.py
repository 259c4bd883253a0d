"""Pasqal: analog, so no circuit can be encoded for it; Pulser sequences are passed through.

Source: Azure Quantum's provider page for Pasqal, and the official client 3.13.
"""

from qsession_core.formats.pasqal import INPUT
from qsession_core.providers.row import Provider, TargetRow

PROVIDER = Provider(
    id="pasqal",
    formats=(),
    raw_format=INPUT,
    targets=(
        TargetRow("pasqal.sim.emu-tn", 100, profile="", is_simulator=True),
        TargetRow("pasqal.sim.emu-sv", 25, profile="", is_simulator=True),
        TargetRow("pasqal.sim.emu-mps", 80, profile="", is_simulator=True),
        TargetRow("pasqal.sim.emu-free", 12, profile="", is_simulator=True),
        TargetRow("pasqal.qpu.fresnel", 100, profile=""),
        TargetRow("pasqal.qpu.fresnel-can1", 100, profile=""),
    ),
)

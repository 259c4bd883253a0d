"""Quantinuum. Source: Azure Quantum's provider page for Quantinuum, and the official client 3.13."""

from qsession_core.catalog import targets_of
from qsession_core.formats.openqasm2 import INPUT, OpenQasm2
from qsession_core.formats.qir.module import Qir
from qsession_core.providers.row import Option, Provider

# Names of the emulators' noise parameters, as Quantinuum's own examples for pytket-quantinuum have them
_ERROR_PARAMS = {
    "p_meas": Option("a rate, or one for each outcome"),
    **dict.fromkeys(
        (
            "p1", "p2", "p_init", "p_loss", "p_crosstalk_meas", "p_crosstalk_init", "p1_emission_ratio",
            "p2_emission_ratio", "quadratic_dephasing_rate", "linear_dephasing_rate", "coherent_to_incoherent_factor",
            "scale", "p1_scale", "p2_scale", "meas_scale", "init_scale", "memory_scale", "emission_scale",
            "crosstalk_scale", "leakage_scale", "przz_a", "przz_b", "przz_c", "przz_d", "przz_power",
        ),
        Option("a rate or a factor", float),
    ),
    **dict.fromkeys(
        ("coherent_dephasing", "transport_dephasing", "idle_dephasing", "crosstalk_per_gate"), Option("on or off", bool)
    ),
}  # fmt: skip

PROVIDER = Provider(
    id="quantinuum",
    formats=(Qir("quantinuum"), OpenQasm2()),
    raw_format=INPUT,
    input_params={
        "error-model": Option("noise of the emulator on or off", bool),
        "error-params": Option("the emulator's error rates by name", dict, members=_ERROR_PARAMS),
        "simulator": Option("the emulator's engine", str, ("stabilizer", "state-vector")),
        "tket-opt-level": Option("how much the compiler rewrites; 2 by default", int, (0, 1, 2, 3)),
        "no-opt": Option("no optimization by the compiler", bool),
        "nativetq": Option("the native two-qubit gate", str),
        "noreduce": Option("no reduction of the circuit", bool),
    },
    unstated_shots=1,
    targets=targets_of("quantinuum"),
)

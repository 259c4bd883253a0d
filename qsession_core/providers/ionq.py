"""IonQ. Source: Azure Quantum's provider page for IonQ, and the official client 3.13."""

from qsession_core.catalog import targets_of
from qsession_core.formats.ionq import INPUT, IonQCircuit
from qsession_core.formats.qir.module import Qir
from qsession_core.providers.row import Option, Provider

_NOISE_MODELS = ("ideal", "harmony", "aria-1", "aria-2", "forte-1", "forte-enterprise-1")

PROVIDER = Provider(
    id="ionq",
    formats=(IonQCircuit(), Qir()),
    raw_format=INPUT,
    gatesets={"qis": IonQCircuit(), "native": IonQCircuit("native")},
    input_params={
        "error-mitigation": Option(
            "{'debias': bool}; on hardware", dict, members={"debias": Option("debiasing on or off", bool)}
        ),
        "noise": Option(
            "{'model': name, 'seed': int}; on the simulator",
            dict,
            members={"model": Option("a machine's noise", str, _NOISE_MODELS), "seed": Option("of its draws", int)},
        ),
    },
    unstated_shots=500,
    unstated_noisy_shots=1000,
    targets=targets_of("ionq"),
)

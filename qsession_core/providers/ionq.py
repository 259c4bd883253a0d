"""IonQ. Source: Azure Quantum's provider page for IonQ, and the official client 3.13."""

from qsession_core.catalog import targets_of
from qsession_core.formats.ionq import INPUT, IonQCircuit
from qsession_core.formats.qir.module import Qir
from qsession_core.providers.row import Provider

PROVIDER = Provider(
    id="ionq",
    formats=(IonQCircuit(), Qir()),
    raw_format=INPUT,
    gatesets={"qis": IonQCircuit(), "native": IonQCircuit("native")},
    input_params={
        "error-mitigation": "{'debias': bool}; on hardware",
        "noise": "{'model': 'ideal' | 'aria-1' | 'forte-1', 'seed': int}; on the simulator",
    },
    targets=targets_of("ionq"),
)

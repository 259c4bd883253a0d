"""The peers' own ways to do the same work, without a network."""

from __future__ import annotations

import json
import logging
import subprocess
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Self
from unittest.mock import Mock

logging.disable(logging.WARNING)
warnings.simplefilter("ignore")


def azure_workspace():
    """Return an official workspace that is never called."""
    from azure.core.credentials import AzureKeyCredential
    from azure.quantum import Workspace

    return Workspace(
        subscription_id="00000000-0000-0000-0000-000000000000",
        resource_group="rg",
        name="ws1",
        location="eastus",
        credential=AzureKeyCredential("k"),
        _quantum_endpoint="http://127.0.0.1:9/",
    )


def azure_ionq_backend():
    """Return the official Qiskit backend that writes IonQ JSON."""
    from azure.quantum.qiskit import AzureQuantumProvider
    from azure.quantum.qiskit.backends.ionq import IonQSimulatorBackend

    provider = Mock(spec=AzureQuantumProvider)
    return IonQSimulatorBackend(name="ionq.simulator", provider=provider)


def azure_qiskit_to_ionq(backend, circuit) -> bytes:
    """Encode as the official backend does in each run: metadata and input."""
    backend._prepare_job_metadata(circuit)
    return backend._translate_input(circuit)


def qiskit_ionq_to_ionq(circuit) -> bytes:
    """Encode as IonQ's own Qiskit provider does, without the header that it adds."""
    from qiskit_ionq.helpers import qiskit_circ_to_ionq_circ

    gates, _, mapping = qiskit_circ_to_ionq_circ(circuit, "qis")
    return json.dumps({"gateset": "qis", "circuit": gates, "meas_mapped": mapping}).encode()


def azure_qiskit_to_qir(circuit, profile: str = "Base") -> str:
    """Encode as the official QIR backends do."""
    from qdk import TargetProfile
    from qsharp.interop.qiskit import QSharpBackend

    backend = QSharpBackend(
        qiskit_pass_options={"supports_barrier": False},
        target_profile=getattr(TargetProfile, profile),
        skip_transpilation=True,
    )
    return str(backend.qir(circuit))


def azure_cirq_to_ionq(circuit) -> bytes:
    """Encode as the official Cirq target does."""
    import cirq_ionq
    from azure.quantum.target import Target

    return Target._encode_input_data(cirq_ionq.Serializer().serialize_single_circuit(circuit).body)


def azure_cirq_to_qir(circuit) -> str:
    """Encode as the official generic Cirq target does."""
    from azure.quantum.cirq.targets.generic import AzureGenericQirCirqTarget

    return str(AzureGenericQirCirqTarget._translate_cirq_circuit(circuit)._repr_qir_(target="x"))


def tket_to_qir(circuit) -> str:
    """Write a tket circuit as pytket-qir does, in a gate set that it takes."""
    from pytket.circuit import OpType
    from pytket.passes import AutoRebase
    from pytket.qir import QIRFormat, QIRProfile, pytket_to_qir

    copy = circuit.copy()
    allowed = {OpType.H, OpType.X, OpType.T, OpType.Rx, OpType.Ry, OpType.Rz, OpType.CX, OpType.ZZPhase}
    AutoRebase(allowed).apply(copy)
    return pytket_to_qir(copy, name="main", qir_format=QIRFormat.STRING, profile=QIRProfile.BASE)


class QiskitQir:
    """qiskit-qir, in a process of its own, for it needs a Qiskit that the other peers do not take."""

    def __init__(self) -> None:
        root = Path(__file__).parent.parent
        python = root / ".venv-qir" / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError("qiskit-qir has no environment yet; `make bench` makes it")
        self._process = subprocess.Popen(
            [str(python), str(Path(__file__).with_name("peer_qiskit_qir.py"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def _ask(self, *words: object) -> object:
        self._process.stdin.write(json.dumps(words) + "\n")
        return json.loads(self._process.stdout.readline())

    def text(self, number: int, width: int) -> str:
        """Return the QIR of a circuit of :func:`workloads.qiskit_circuit`."""
        return self._ask("text", number, width)

    def seconds(self, number: int) -> float:
        """Return how long it takes to write 20 qubits' circuit once more."""
        return self._ask("seconds", number, 20)


def azure_job(data: bytes, output: str, metadata: dict[str, str], shots: int):
    """Return an official job, finished, that finds its result in memory instead of in the storage."""
    from azure.quantum import Job, JobDetails

    details = JobDetails(
        name="job", provider_id="p", target="p.sim", container_uri="http://127.0.0.1:9/c", input_data_format="qir.v1",
        output_data_format=output, input_params={"shots": shots, "items": [{"entryPoint": "ENTRYPOINT__main"}]},
        metadata=metadata,
    )  # fmt: skip
    details["id"] = "00000000-0000-4000-8000-000000000000"
    details["status"] = "Succeeded"
    details["outputDataUri"] = "http://127.0.0.1:9/c/c/outputData"
    job = Job(azure_workspace(), details)
    job.download_data = lambda _uri: data
    job.refresh = lambda: None
    return job


def azure_qiskit_result(data: bytes, output: str, metadata: dict[str, str], shots: int):
    """Read a result as the official Qiskit job does; return its counts and memory (None where there is none)."""
    from azure.quantum.qiskit.job import AzureQuantumJob

    inner = azure_job(data, output, metadata, shots)
    backend = SimpleNamespace(
        name="p.sim", options={"shots": shots}, provider=SimpleNamespace(get_workspace=lambda: inner.workspace),
        get_latest_session_id=lambda: None, version=2,
        configuration=lambda: SimpleNamespace(simulator=False),
    )  # fmt: skip
    result = AzureQuantumJob(backend, azure_job=inner).result()
    return result.get_counts(), getattr(result.results[0].data, "memory", None)


def azure_cirq_result(data: bytes, metadata: dict[str, str], shots: int):
    """Read a v2 result as the official generic Cirq target does."""
    from azure.quantum.cirq.targets.generic import AzureGenericQirCirqTarget

    inner = azure_job(data, "microsoft.quantum-results.v2", metadata, shots)
    target = AzureGenericQirCirqTarget(workspace=inner.workspace, name="p.sim", provider_id="p", num_qubits=30)
    return target._to_cirq_job(inner).results()

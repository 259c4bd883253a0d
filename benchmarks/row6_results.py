"""Row 6: results into counts, memory and Cirq's arrays."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import peers
import workloads
from measure import Row, in_turn, once, report
from workloads import V2

from qsession_core.formats import JobFacts, decode
from qsession_qiskit.result import experiment

WIDTH = 20
MILLION = "--million"


def _qiskit(result) -> tuple[dict[str, int], list[str]]:
    """Return counts and memory as the Qiskit side does."""
    data = experiment(result, {}).data
    return data.formatted_counts, data.formatted_memory


def rows() -> list[Row]:
    found = []
    data = workloads.microsoft_v2(100_000)
    metadata = {"qiskit": "True", "name": "c", "num_qubits": "20", "metadata": "{}"}
    facts = JobFacts("job", "p.sim", 100_000, metadata)  # as the official client left it

    def ours() -> tuple[dict[str, int], list[str]]:
        return _qiskit(decode(V2, data, facts)[0])

    counts, memory = peers.azure_qiskit_result(data, V2, metadata, 100_000)
    assert ours() == (dict(counts), memory), "both read the same"
    taken, least = in_turn(ours, lambda: _floor(data))
    peer = once(lambda: peers.azure_qiskit_result(data, V2, metadata, 100_000))
    found.append(Row("6", "v2 results, 100,000 shots x 20 bits -> counts and memory", taken, "x100", peer, floor=least))

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "million.json"
        file.write_bytes(workloads.microsoft_v2(1_000_000, histogram=False))
        command = [sys.executable, __file__, MILLION, str(file)]
        million = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    found.append(Row("6", "v2 results, 1,000,000 shots -> counts and memory", million["seconds"], "<1 s"))
    found.append(Row("6", "its peak memory", million["megabytes"], "<600 MB", unit="MB"))

    data16 = workloads.ionq_histogram()
    meta16 = {"num_qubits": "16", "meas_map": json.dumps(list(range(16)))}
    facts16 = JobFacts("job", "ionq.simulator", 100_000, meta16)
    taken = in_turn(
        lambda: decode("ionq.quantum-results.v1", data16, facts16)[0].counts,
        lambda: peers.azure_qiskit_result(data16, "ionq.quantum-results.v1", meta16, 100_000),
        lambda: json.loads(data16),
    )
    found.append(
        Row("6i", "IonQ histogram, 65,536 entries -> counts", taken[0], "x5", taken[1], floor=taken[2],
            note="floor: json.loads alone")
    )  # fmt: skip

    data_q = workloads.openqasm_result(10_000)
    facts_q = workloads.facts(10_000)
    taken_q = in_turn(lambda: decode("honeywell.quantum-results.v1", data_q, facts_q)[0].counts)
    peer = once(lambda: peers.azure_qiskit_result(data_q, "honeywell.quantum-results.v1", dict(metadata), 10_000))
    found.append(Row("6h", "OpenQASM results, 10,000 shots -> counts", taken_q[0], "x200", peer))

    found.append(_cirq(data))
    return found


def _cirq(data: bytes) -> Row:
    """v2 results into a cirq.Result."""
    from types import SimpleNamespace

    from qsession_cirq.job import Job

    metadata = {
        "cirq": "True",
        "qubits": "20",
        "repetitions": "100000",
        "measurement_dict": json.dumps({"m": list(range(WIDTH))}),
    }
    facts = JobFacts("job", "p.sim", 100_000, metadata)

    def ours():
        details = SimpleNamespace(metadata=metadata, input_params={"shots": 100_000}, target="p.sim")
        result = decode(V2, data, facts)[0]
        return Job(
            SimpleNamespace(details=details, id="job", shots=100_000, result=lambda _timeout, **_: result)
        ).results()

    assert np.array_equal(
        np.array(ours().measurements["m"]), np.array(peers.azure_cirq_result(data, metadata, 100_000).measurements["m"])
    ), "both read the same"
    (taken,) = in_turn(ours)
    peer = once(lambda: peers.azure_cirq_result(data, metadata, 100_000))
    return Row("6c", "v2 results, 100,000 shots -> cirq.Result", taken, "x40", peer)


def _floor(data: bytes) -> tuple[int, int]:
    """Scan the bytes of the shots into an array, and count; check nothing."""
    start = data.index(b'"Shots"') + 8
    characters = np.frombuffer(data[start:], np.uint8)
    bits = characters[(characters == 48) | (characters == 49)].reshape(-1, WIDTH)
    packed = np.packbits(bits & 1, axis=1)
    return len(np.unique(packed, axis=0)), len(bits)


def _peak() -> float:
    """Return the most memory that this process has had, in MB; getrusage would count its parent's."""
    status = Path("/proc/self/status").read_text()
    return float(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def _million() -> None:
    """Read a million shots in a process of its own; print the time, and the memory it took with the data in it."""
    data = Path(sys.argv[-1]).read_bytes()
    decode(V2, workloads.microsoft_v2(10, histogram=False), workloads.facts(10))  # what is loaded once is not counted
    before = _peak()
    facts = workloads.facts(1_000_000)
    result = []
    seconds = once(lambda: result.append(decode(V2, data, facts)[0]) or (result[0].counts and len(result[0].memory())))
    after = _peak()
    assert sum(result[0].counts.values()) == 1_000_000
    print(json.dumps({"seconds": seconds, "megabytes": after - before + len(data) / 1e6}))


if __name__ == "__main__":
    if MILLION in sys.argv:
        _million()
    else:
        report(rows())

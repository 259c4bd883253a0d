"""Coverage-guided fuzzing of the readers of payloads and of the decoders of results.

    make fuzz                                     each target for ten minutes
    python tests/fuzz/fuzz.py ionq --seconds 60   one of them

A reader either reads, or fails the job with a sentence; a decoder either decodes, or says what is malformed. Anything
else is a find: it is printed once for each place in the code, its input is saved beside the corpus, and the run goes
on. What takes 20 s (ten times less without the counting of coverage) or 2 GB ends the process, and another one goes on
with the corpus for the rest of the time. Bitcode is read by LLVM, which ends its process on some damaged files; the
service reads them in a process of their own, so such an input is a find only if it does more than fail its job.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")
sys.path.insert(0, str(Path(__file__).parents[2]))

READERS = {
    "ionq": "ionq.circuit.v1",
    "qir": "qir.v1",
    "bitcode": "qir.v1",
    "openqasm": "honeywell.openqasm.v1",
    "quil": "rigetti.quil.v1",
    "pulser": "pasqal.pulser.v1",
}
DECODERS = {
    "results-v1": "microsoft.quantum-results.v1",
    "results-v2": "microsoft.quantum-results.v2",
    "results-ionq": "ionq.quantum-results.v1",
    "results-honeywell": "honeywell.quantum-results.v1",
    "results-rigetti": "rigetti.quil-results.v1",
    "results-pasqal": "pasqal.pulser-results.v1",
}
RESULTS = {
    "microsoft.quantum-results.v1": {"Histogram": ["([0, 1], [1])", 0.5, "([1, 1], [1])", 0.5]},
    "microsoft.quantum-results.v2": {
        "DataFormat": "microsoft.quantum-results.v2",
        "Results": [{
            "Histogram": [{"Outcome": {"Item1": [0, "-"], "Item2": [1]}, "Display": "([0, -], [1])", "Count": 1}],
            "Shots": [{"Item1": [0, "-"], "Item2": [1]}],
        }],
    },
    "ionq.quantum-results.v1": {"histogram": {"0": 0.5, "7": 0.5}},
    "honeywell.quantum-results.v1": {"a": ["01", "11"], "b": ["0", "1"]},
    "rigetti.quil-results.v1": {"ro": [[0, 1, 0], [1, 0, 0]]},
    "pasqal.pulser-results.v1": {"counter": {"001": 3, "111": 4}},
}  # fmt: skip
PLACES = {
    "ionq": [
        '{"qubits":2,"circuit":[{"gate":"h","target":0},{"gate":"cnot","control":0,"target":1}]}',
        '{"gateset":"native","qubits":2,"circuit":[{"gate":"ms","targets":[0,1],"phases":[0,0.5],"angle":0.1}]}',
        '{"qubits":2,"circuit":[{"gate":"pauliexp","targets":[0,1],"terms":["XY"],"coefficients":[1],"time":0.1}]}',
        '{"qubits":3,"circuit":[{"gate":"rx","controls":[0,1],"target":2,"rotation":1.5}]}',
    ],
    "openqasm": [
        'OPENQASM 2.0; include "qelib1.inc"; qreg q[2]; creg c[2]; h q; cx q[0],q[1]; measure q -> c;',
        "OPENQASM 2.0; gate a(t) x,y { rx(t/2) x; cx x,y; } qreg q[2]; a(-pi/4) q[0],q[1]; reset q; barrier q;",
        "OPENQASM 2.0; qreg q[1]; creg c[4]; creg d[2]; if(c==3) x q[0]; d[0] = c[1] ^ (d[1] & 1); c = d << 1;",
    ],
    "quil": [
        "DECLARE ro BIT[2]\nDECLARE t REAL[2]\nRX(-t[0]/2+pi) 0\nCONTROLLED DAGGER RZ(0.1) 0 1\nMEASURE 0 ro[0]",
        "DEFGATE G(%t) AS MATRIX:\n    cos(%t/2), -i*sin(%t/2)\n    -i*sin(%t/2), cos(%t/2)\nG(0.5) 0",
        "FORKED RX(1,2) 0 1\nDEFGATE B a b AS SEQUENCE:\n    H a\n    CNOT a b\nB 0 1",
        "DEFCIRCUIT A(%t) q r:\n    RX(%t) q\n    CNOT q r\nA(1) 0 1\nDEFGATE P AS PERMUTATION:\n    1, 0\nP 0",
        "DEFGATE S(%t) q r AS PAULI-SUM:\n    ZZ(%t/4) q r\n    X(%t) q\nS(1) 0 1",
        "DECLARE ro BIT\nLABEL @a\nX 0\nMEASURE 0 ro\nJUMP-WHEN @a ro\nMOVE ro 1\nNOT ro\nHALT",
    ],
    "pulser": ['{"sequence_builder":{"register":[{"name":"a","x":0,"y":0}]}}', '{"sequence_builder":"{}"}'],
}


_SMALL = ("qir: branches over many results", "qir: a large variable", "qir: blanks")


def seeds_of(target: str) -> list[bytes]:
    """Return the inputs that a target starts from."""
    if target in DECODERS:
        return [json.dumps(RESULTS[DECODERS[target]]).encode()]
    if target in PLACES:
        return [text.encode() for text in PLACES[target]]
    from tests.support.hostile import FAMILIES
    from tests.support.qir_text import gate, qir, record

    texts = [qir("\n".join([gate("h__body", 0), gate("rx__body", 1, angle="0.5"), gate("mz__body", 0, 0),
                            record("array", "i64 1"), record("result", "ptr null")]))]  # fmt: skip
    texts += [make(600).encode() for name, (_, make) in FAMILIES.items() if name in _SMALL]
    if target == "qir":
        return texts
    import pyqir

    return [pyqir.Module.from_ir(pyqir.Context(), text.decode()).bitcode for text in texts]


def _keep_fuzzing(target: str, seconds: int, corpus: Path) -> None:
    """Fuzz one target for so long, in as many processes as its finds end."""
    until = time.monotonic() + seconds
    while (left := int(until - time.monotonic())) > 0:
        subprocess.call([sys.executable, __file__, target, f"--seconds={left}", f"--corpus={corpus}"])


def _only_fails(path: Path) -> bool:
    """Return whether an input that ended LLVM's process fails its job in the service, and the next job runs."""
    if not path.name.startswith(("bitcode-crash", "bitcode-oom")):
        return False
    from qsession_core import Workspace

    with Workspace.local() as workspace:
        target = workspace.get_targets("quantinuum.sim.h2-1e")
        inputs = (path.read_bytes(), seeds_of("bitcode")[0])
        jobs = [target.submit(data, shots=1, input_data_format="qir.v1") for data in inputs]
        for job in jobs:
            job.wait_until_completed()
        return [job.details.status for job in jobs] == ["Failed", "Succeeded"]


def main() -> None:
    """Fuzz one target until its time is over."""
    parser = argparse.ArgumentParser(description="Fuzz a reader or a decoder.")
    parser.add_argument("target", choices=[*READERS, *DECODERS, "all"])
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--corpus", type=Path, default=Path(tempfile.gettempdir()) / "qsession-fuzz")
    chosen = parser.parse_args()
    if chosen.target == "all":
        for target in (*READERS, *DECODERS):
            _keep_fuzzing(target, chosen.seconds, chosen.corpus)
        finds = [path.name for path in sorted(chosen.corpus.glob("*-*")) if path.is_file() and not _only_fails(path)]
        sys.exit(f"found: {', '.join(finds)}" if finds else 0)
    import atheris

    with atheris.instrument_imports(include=["qsession_core"]):
        from qsession_core.errors import ResultFormatError
        from qsession_core.formats import JobFacts, decode
        from qsession_core.local.execution.prepare import prepare
        from qsession_core.local.execution.task import Task
        from qsession_core.local.interpreter.counting import counts_of
        from qsession_core.local.readers.circuit import JobFailure

    found: set[tuple[str, str, int]] = set()

    def note(data: bytes, error: Exception) -> None:
        """Print and save a find, if it is the first one of its place."""
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "qsession_core" in frame.filename]
        place = (type(error).__name__, frames[-1].filename, frames[-1].lineno or 0)
        if place not in found:
            found.add(place)
            print("FOUND", *place, error, data, flush=True)
            (chosen.corpus / f"{chosen.target}-find-{len(found)}").write_bytes(data)

    def read(data: bytes) -> None:
        if chosen.target == "bitcode" and not data.startswith(b"BC\xc0\xde"):
            return
        try:
            counts_of(prepare(Task("acme.qpu", READERS[chosen.target], "", data, {}, 1, 0, 1_000)))
        except JobFailure:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a find
            note(data, error)

    def read_result(data: bytes) -> None:
        try:
            for result in decode(DECODERS[chosen.target], data, JobFacts(job_id="job-1", shots=100)):
                assert result.shots is None or result.shots >= 0
        except ResultFormatError:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a find
            note(data, error)

    folder = chosen.corpus / chosen.target
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds_of(chosen.target)):
        (folder / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={chosen.seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-verbosity=0",
    ]
    atheris.Setup(
        [sys.argv[0], f"-artifact_prefix={chosen.corpus / chosen.target}-", *options, str(folder)],
        read_result if chosen.target in DECODERS else read,
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()

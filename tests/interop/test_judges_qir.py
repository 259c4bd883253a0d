"""QIR before judges that are not ours: Microsoft's simulator, Quantinuum's front end, the QIR Alliance's runner.

The simulators draw shots; what they draw has to be a sample of the exact distribution.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # before qdk is imported

from qsession_core.errors import ConversionError
from qsession_core.expressions import Binary, Bit, Literal, Uint
from qsession_core.formats import JobFacts, decode
from qsession_core.formats.qir.module import Qir
from qsession_core.program import Block, Program
from tests.support import judge, random_programs

SEEDS = range(300)
SHOTS = 300


def base(seed):
    """A program for the Base profile: every other one measures in its middle."""
    return random_programs.midway(seed) if seed % 2 else random_programs.terminal(seed)


def adaptive(seed):
    return random_programs.branching(seed, floats=False)


def fractions(seed):
    return random_programs.branching(seed, floats=True)


KINDS = [
    ("microsoft", "Base", base),
    ("quantinuum", "Adaptive_RI", adaptive),
    ("quantinuum", "Adaptive_RIF", fractions),
]


def written(dialect, profile, kind):
    """Yield (seed, program, payload) of all programs that the profile can hold."""
    count = 0
    for seed in SEEDS:
        program = kind(seed)
        try:
            payload = Qir(dialect).encode(program, profile=profile)
        except ConversionError:  # its condition has no value in Python either
            continue
        count += 1
        yield seed, program, payload
    assert count >= len(SEEDS) - 3


def without_barriers(text):
    """Take barriers out for judges that have none with arguments; they change no distribution."""
    return "".join(line for line in text.splitlines(keepends=True) if "__quantum__qis__barrier" not in line)


def counts_of(payload, shots):
    """Decode shots, as a simulator returned them, by the payload's own metadata."""
    results = [{"Shots": shots}]
    data = json.dumps({"DataFormat": payload.output_data_format, "Results": results}).encode()
    (result,) = decode(payload.output_data_format, data, JobFacts("job-1", "", len(shots), payload.metadata))
    assert result.lost_shots == 0
    return result.counts


def as_json(outcome):
    """Write an outcome of qdk as the service does."""
    if isinstance(outcome, tuple):
        return {f"Item{place}": as_json(member) for place, member in enumerate(outcome, 1)}
    if isinstance(outcome, list):
        return list(map(as_json, outcome))
    return outcome if isinstance(outcome, bool) else str(outcome)


@pytest.mark.parametrize(("dialect", "profile", "kind"), KINDS)
def test_microsofts_simulator_sees_the_programs_distribution(dialect, profile, kind):
    from qdk.simulation import run_qir

    for seed, program, payload in written(dialect, profile, kind):
        if payload.num_qubits > 9:  # it simulates every shot
            continue
        shots = run_qir(without_barriers(payload.data.decode()), SHOTS, type="cpu", seed=seed)

        counts = counts_of(payload, list(map(as_json, shots)))
        assert judge.is_plausible(counts, judge.distribution(program)), seed


@pytest.mark.parametrize(
    ("profile", "kind"), [("Base", base), ("Adaptive_RI", base), ("Adaptive_RI", adaptive), ("Adaptive_RIF", fractions)]
)
def test_quantinuums_front_end_takes_and_compiles_everything(profile, kind):
    import qir_qis

    for seed, _, payload in written("quantinuum", profile, kind):
        bitcode = qir_qis.qir_ll_to_bc(payload.data.decode())

        qir_qis.validate_qir(bitcode)
        assert qir_qis.qir_to_qis(bitcode, target="x86-64"), seed


RUNNER = """
import json, sys
import qirrunner
found = []
for number, name in enumerate(sys.argv[2:]):
    lines = []
    qirrunner.run(name, shots=int(sys.argv[1]), rng_seed=number, output_fn=lambda line: lines.append(str(line)))
    found.append("".join(lines))
json.dump(found, sys.stdout)
"""


def runner_outcomes(folder, texts, shots):
    """Run programs in one process of its own, since it has been seen to crash; return its output of each."""
    names = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.ll"
        path.write_text(text)
        names.append(str(path))
    done = subprocess.run(
        [sys.executable, "-c", RUNNER, str(shots), *names], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def shots_in(output):
    """Return the recorded values of each shot in the runner's output, as one flat list a shot."""
    words = {"1": 1, "0": 0, "true": True, "false": False}
    for shot in output.split("START\n")[1:]:
        lines = [line.split("\t") for line in shot.splitlines() if line.startswith("OUTPUT")]
        yield [words[line[2]] for line in lines if line[1] in {"RESULT", "BOOL"}]


@pytest.mark.parametrize(("dialect", "profile", "kind"), KINDS)
def test_the_alliances_runner_sees_the_programs_distribution(dialect, profile, kind, tmp_path):
    programs_written = list(written(dialect, profile, kind))

    outputs = runner_outcomes(
        tmp_path, [without_barriers(payload.data.decode()) for _, _, payload in programs_written], 100
    )

    assert len(outputs) == len(programs_written)
    for (seed, program, payload), output in zip(programs_written, outputs, strict=True):
        shots = list(shots_in(output))
        assert len(shots) == 100
        assert judge.is_plausible(Counter(counts_of(payload, shots)), judge.distribution(program)), seed


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">=", ""])
def test_every_comparison_of_fractions_is_taken_by_all(operator, tmp_path):
    import qir_qis
    from qdk.simulation import run_qir

    half = Binary("*", Uint((0, 1)), Literal(0.5))
    condition = Binary(operator, half, Binary("-", Literal(1.5), Bit(0))) if operator else half
    steps = [("h", (0,), ()), ("measure", (0,), (0,)), ("h", (1,), ()), ("measure", (1,), (1,))]
    steps += [("if", (), (condition, Block.of([("x", (2,), ())]), None)), ("measure", (2,), (2,))]
    program = Program.of(3, 3, steps)

    payload = Qir("quantinuum").encode(program, profile="Adaptive_RIF")

    text = payload.data.decode()
    assert qir_qis.qir_to_qis(qir_qis.qir_ll_to_bc(text), target="x86-64")
    wanted = judge.distribution(program)
    assert judge.is_plausible(counts_of(payload, list(map(as_json, run_qir(text, SHOTS, type="cpu", seed=1)))), wanted)
    (output,) = runner_outcomes(tmp_path, [text], SHOTS)
    assert judge.is_plausible(counts_of(payload, list(shots_in(output))), wanted)


def test_bitcode_is_taken_by_microsofts_simulator_and_the_runner(tmp_path):
    from qdk.simulation import run_qir

    for seed in range(20):
        program = random_programs.terminal(seed)
        payload = Qir(bitcode=True).encode(program)

        shots = run_qir(payload.data, SHOTS, type="cpu", seed=seed)

        assert judge.is_plausible(counts_of(payload, list(map(as_json, shots))), judge.distribution(program))

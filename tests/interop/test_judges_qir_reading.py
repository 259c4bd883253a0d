"""How we read QIR, before judges that are not ours: LLVM's parser and compiler, and Microsoft's simulator of Q#."""

from __future__ import annotations

import json
import math
import os
import random
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest

os.environ["QDK_PYTHON_TELEMETRY"] = "none"  # before qdk is imported

from qsession_core.errors import ConversionError
from qsession_core.formats.qir.module import Qir
from qsession_core.local.execution.prepare import run
from qsession_core.local.execution.task import Task
from qsession_core.local.targets import TARGETS, LocalTarget
from tests.support import qir_shapes, random_programs, random_qsharp
from tests.support.alliance_runner import Runner
from tests.support.qir_text import gate, pointer, qir, record

SHOTS = 60
ANY = LocalTarget("acme.sim", 60, "Adaptive_RIF")


@pytest.fixture
def runner(tmp_path):
    judge = Runner(tmp_path)
    yield judge
    judge.close()


def ours(payload, shots=SHOTS, seed=1, target=ANY, **params):
    """Return how often each tuple of recorded values came, or the sentence that the job failed with."""
    task = Task(
        target.id, "qir.v1", "microsoft.quantum-results.v2", payload, params, shots, seed, target.num_qubits,
        profile=target.profile, results=target.results, gates=target.gates,
    )  # fmt: skip
    outcome = run(task)
    if outcome.code:
        assert outcome.message
        return outcome.message
    return Counter(tuple(leaves(shot)) for shot in json.loads(outcome.output)["Results"][0]["Shots"])


def leaves(value: Any):
    """Yield the values of an outcome of ours or of qdk, in order."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=lambda key: int(key.removeprefix("Item")))]
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, float):
        yield round(value, 9)
    else:
        yield int(value) if isinstance(value, (bool, int)) else int(str(value).endswith("One"))


def differ(one, other, shots):
    keys = set(one) | set(other)
    return sum(abs(one[key] - other[key]) for key in keys) / 2 / shots > 0.12 + 1.2 * math.sqrt(len(keys) / shots)


# --- variants of one program ---

READ = f"  %r = call i1 @__quantum__rt__read_result({pointer(0)})"
BODY = [gate("x__body", 0), gate("mz__body", 0, 0)]
END = [record("result", pointer(0))]
FLIP = "define internal i64 @flip(ptr %q, i64 %n) {\n  call void @__quantum__qis__x__body(ptr %q)\n  ret i64 %n\n}\n"
CALL = "  %n = call i64 @flip(ptr null, i64 3)"
UNTIL_ONE = [gate("h__body", 0), gate("mz__body", 0, 0), READ, "  br i1 %r, label %o, label %l", "o:", *END]
LEGAL = {
    "plain": qir("\n".join([*BODY, *END])),
    "tail call": qir("\n".join([*BODY, *END]).replace("call", "tail call", 1)),
    "function": qir("\n".join([CALL, *BODY, *END, record("int", "i64 %n")]), more=FLIP),
    "values": qir("\n".join([*BODY, *END, record("int", "i64 -5"), record("double", "double 1.5")])),
    "sign": qir("\n".join([*BODY, READ, "  %s = sext i1 %r to i64", record("int", "i64 %s")])),
    "choice": qir("\n".join([*BODY, READ, "  %s = select i1 %r, i64 -5, i64 7", record("int", "i64 %s")])),
    "recorded twice": qir("\n".join([*BODY, *END, *BODY, *END])),
    "until one": qir("\n".join(["  br label %l", "l:", *UNTIL_ONE])),
    "two returns": qir("\n".join([*BODY, *END])).replace(b"  ret void\n", b"  ret void\n  ret void\n"),
    "one bit compared": qir("\n".join([*BODY, READ, "  %c = icmp slt i1 %r, false", record("bool", "i1 %c")])),
}  # fmt: skip
PLAIN = LEGAL["plain"].decode()
ILLEGAL = {
    "no parenthesis": PLAIN.replace("to ptr))\n", "to ptr)\n", 1),
    "no such instruction": PLAIN.replace("  call", "  cal", 1),
    "cut": PLAIN[: PLAIN.index("  ret")],
    "no return": PLAIN.replace("  ret void\n", ""),
    "undeclared": PLAIN.replace("declare void @__quantum__qis__x__body(ptr)\n", ""),
    "declared twice": PLAIN + "declare void @__quantum__qis__x__body(ptr)\n",
    "unknown gate": PLAIN.replace("x__body", "frob__body"),
    "one qubit twice": qir("\n".join([gate("cnot__body", 0, 0), *BODY, *END])).decode(),
    "one qubit too many": qir("\n".join([gate("cnot__body", 0, 0, 0), *BODY, *END])).decode(),
    "a negative qubit": qir("\n".join([gate("x__body", -1), gate("mz__body", -1, 0), *END])).decode(),
    "an undefined angle": qir(gate("rx__body", 0, angle="%a")).decode(),
    "no such block": qir("  br label %gone\nend:").decode(),
    "unmarked": PLAIN.replace('"entry_point" ', ""),
    "no text": "",
    "another language": "OPENQASM 2.0;\n",
}


@pytest.mark.parametrize("name", LEGAL)
def test_legal_variants_give_what_the_runner_gives(name, runner):
    assert ours(LEGAL[name]) == runner.shots(LEGAL[name], SHOTS)


@pytest.mark.parametrize("name", [*qir_shapes.LEGAL, *qir_shapes.NOT_UNDERSTOOD])
def test_other_shapes_give_what_the_runner_gives_or_are_refused_by_name(name, runner):
    if name in qir_shapes.LEGAL:
        assert ours(qir_shapes.LEGAL[name]) == runner.shots(qir_shapes.LEGAL[name], SHOTS)
    else:
        text, problem = qir_shapes.NOT_UNDERSTOOD[name]
        assert problem in ours(text)


@pytest.mark.parametrize("name", ILLEGAL)
def test_illegal_variants_fail_with_a_sentence(name, runner):
    payload = ILLEGAL[name].encode()
    assert runner.shots(payload, SHOTS) is None
    assert isinstance(ours(payload), str)


# --- programs of our writers, damaged ---

KINDS = [
    (random_programs.midway, "Base"),
    (random_programs.terminal, "Base"),
    (random_programs.branching, "Adaptive_RI"),
    (lambda seed: random_programs.branching(seed, floats=True), "Adaptive_RIF"),
]


def damaged(draw, text):
    """Cut, double, swap or move a line; change a word or a letter; end the text early."""
    lines = text.split("\n")
    one, other = draw.randrange(len(lines)), draw.randrange(len(lines))
    place = draw.randrange(len(text))
    match draw.randrange(8):
        case 0:
            del lines[one]
        case 1:
            lines.insert(one, lines[one])
        case 2:
            lines[one], lines[other] = lines[other], lines[one]
        case 3:
            lines.insert(other, lines[one])
        case 4:
            words = list(re.finditer(r"[\w.]+", text))
            word = draw.choice(words)
            new = draw.choice([draw.choice(words)[0], word[0] + "x", word[0][:-1] or "0", word[0][::-1]])
            return text[: word.start()] + new + text[word.end() :]
        case 5:
            return text[:place]
        case 6:
            return text[:place] + text[place + 1 :]
        case _:
            return text[:place] + draw.choice(text) + text[place:]
    return "\n".join(lines)


def is_undefined(text):
    """Say whether a program records before it measures: what an unmeasured result is, nobody defines."""
    measured = text.rfind("__quantum__qis__m__body(%Qubit* ")
    return 0 <= text.find("  call void @__quantum__rt__result_record_output") < measured


@pytest.mark.parametrize("part", [*range(4), *(pytest.param(part, marks=pytest.mark.long) for part in range(4, 40))])
def test_a_damaged_program_never_succeeds_with_other_results(part, runner):
    both_ran = 0
    for seed in range(100 * part, 100 * part + 100):
        draw = random.Random(seed)
        kind, profile = KINDS[seed % len(KINDS)]
        try:
            text = Qir("microsoft").encode(kind(seed // 4), profile=profile).data.decode()
        except ConversionError:  # its condition has no value in Python either
            continue
        text = damaged(draw, text)
        if is_undefined(text):
            continue
        judged, found = runner.shots(text.encode(), SHOTS), ours(text.encode())
        if judged is None:
            assert isinstance(found, str), seed
        elif not isinstance(found, str) and any(judged):  # a program without records has none to compare
            assert not differ(judged, found, SHOTS), seed
            both_ran += 1
    assert both_ran > 10


# --- Q# ---

# All that take QIR and run it, without their noise
RUNNING = [target for target in TARGETS if "qir.v1" in target.formats and target.results != "zeros"]


SEEDS = [range(start, start + 8) for start in range(0, 200, 8)]


@pytest.mark.parametrize(
    "seeds",
    [pytest.param(range(3), marks=pytest.mark.slow), *(pytest.param(seeds, marks=pytest.mark.long) for seeds in SEEDS)],
    ids=str,
)
def test_random_qsharp_of_every_profile_agrees_with_its_makers_simulator_on_every_target(seeds):
    import qdk
    from qdk import qsharp

    shots = 1000
    for seed in seeds:
        for profile in random_qsharp.PROFILES:
            source = random_qsharp.program(np.random.default_rng(seed), profile)
            qsharp.init(target_profile=getattr(qdk.TargetProfile, profile))
            qsharp.eval(source)
            judged = Counter(tuple(leaves(shot)) for shot in qsharp.run("Main()", shots))
            payload = str(qsharp.compile("Main()")).encode()
            # no target is said to take all of Adaptive; those that take the most run it
            rank = min(random_qsharp.PROFILES.index(profile), random_qsharp.PROFILES.index("Adaptive_RIF"))
            takers = [target for target in RUNNING if random_qsharp.PROFILES.index(target.profile) >= rank]
            assert takers
            for target in takers:
                found = ours(payload, shots, seed, target)
                assert not isinstance(found, str), (seed, profile, target.id, found)
                assert not differ(judged, found, shots), (seed, profile, target.id)

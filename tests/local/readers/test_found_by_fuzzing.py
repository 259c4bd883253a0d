"""Inputs that a fuzzer found: each broke a reader with another error than a failed job."""

import pytest

from qsession_core.local.execution.prepare import read
from qsession_core.local.readers.circuit import JobFailure


@pytest.mark.parametrize(
    ("text", "said"),
    [
        # one word where a definition says what kind it is
        ("DEFGATE G(%t) AIX:\n    :", "is not understood"),
        ("DEFGATE AS MATRIX:\n    1", "is not understood"),
        # digits right behind a name must not become part of our own name for it
        ("DECLARE t REAL[2]\nRX(t[0]62) 0", "is not an expression"),
        ("DECLARE t REAL[2]\nRX(t[0]1+t[1]) 0", "is not an expression"),
        ("FORKED " + "DAGGER " * 5_000 + "RX(1,2) 0 1", "nested too deep"),
    ],
)
def test_odd_quil_fails_the_job_with_a_sentence(text, said):
    with pytest.raises(JobFailure, match=said):
        read(text.encode(), "rigetti.quil.v1", {})

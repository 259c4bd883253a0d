"""QIR: a module is linked whole, so what it names outside of the entry point must be there too."""

import pytest

from qsession_core.local.readers.circuit import JobFailure
from qsession_core.local.readers.qir.reader import read_qir
from tests.support.qir_text import gate, pointer, qir, record

BODY = "\n".join([gate("x__body", 0), gate("mz__body", 0, 0), record("result", pointer(0))])
DECLARED = "declare void @frob(ptr)\n"
CALL = "{\n  call void @frob(ptr null)\n  ret void\n}\n"
SINE = "define double @aside(double %x) {\n  %y = call double @llvm.sin.f64(double %x)\n  ret double %y\n}\n"

MISSING = [
    f"{DECLARED}define void @aside() {CALL}",
    f"{DECLARED}define weak void @aside() {CALL}",
    f"{DECLARED}@table = global ptr @frob\n",
    f"{DECLARED}@table = constant [2 x ptr] [ptr @frob, ptr null]\n",
    f"{DECLARED}define void @aside() {{\n  %a = alloca ptr\n  store ptr @frob, ptr %a\n  ret void\n}}\n",
    f"{DECLARED}define void @aside() {{\n  call void @inner()\n  ret void\n}}\ndefine internal void @inner() {CALL}",
    "@frob = external global i64\ndefine i64 @aside() {\n  %v = load i64, ptr @frob\n  ret i64 %v\n}\n",
    'declare void @"frob"(ptr)\ndefine void @"a b"() {\n  call void @"frob"(ptr null)\n  ret void\n}\n',
]
FINE = [
    DECLARED,
    f"{DECLARED}define internal void @aside() {CALL}",
    f"{DECLARED}define private void @aside() {CALL}",
    f"{DECLARED}@table = internal global ptr @frob\n",
    "@frob = external global i64\n",
    'define void @aside() {\n  ret void\n}\n@text = constant [6 x i8] c"@frob\\00"\n',
    f"declare double @llvm.sin.f64(double)\n{SINE}",
]


@pytest.mark.parametrize("more", MISSING)
def test_what_the_rest_of_a_module_needs_and_nobody_has_is_refused_by_name(more):
    with pytest.raises(JobFailure, match="does not link: frob is not known"):
        read_qir(qir(BODY, more=more))


@pytest.mark.parametrize("more", FINE)
def test_what_a_linker_drops_may_name_anything(more):
    assert read_qir(qir(BODY, more=more)).operations == [("x", (0,), ()), ("measure", (0, 0), ())]


def test_all_missing_functions_are_named_at_once():
    more = "".join(
        f'declare void @"{name}"()\ndefine void @"by {name}"() {{\n  call void @"{name}"()\n  ret void\n}}\n'
        for name in ("red", "é", "blue")
    )
    with pytest.raises(JobFailure, match="does not link: blue, red, é are not known"):
        read_qir(qir(BODY, more=more))

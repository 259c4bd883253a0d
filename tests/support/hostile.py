"""Payloads that are short and ask for much: by name, the format and the text of about a given length.

Run as a program, it reads each of a format's payloads under limits of processor time and memory that the operating
system keeps, and prints the name before and what came of it after: who calls it sees where it ended.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FAMILIES", "MEGABYTES", "SECONDS"]

# What reading 100 kB may take: processor time, which a busy machine does not lengthen much
SECONDS = 20  # of a processor that may be slow; what grows with the square of its length takes minutes
MEGABYTES = 200

_QASM = "OPENQASM 2.0;\n"
_ENTRY = '"entry_point" "output_labeling_schema" "qir_profiles"="adaptive_profile"'
_TWO = '"required_num_qubits"="2" "required_num_results"="2"'
_DECLARED = """declare void @__quantum__qis__h__body(ptr)
declare void @__quantum__qis__mz__body(ptr, ptr)
declare i1 @__quantum__qis__read_result__body(ptr)
declare void @__quantum__rt__int_record_output(i64, ptr)
"""
_H = "  call void @__quantum__qis__h__body(ptr null)\n"
_M = "  call void @__quantum__qis__mz__body(ptr null, ptr null)\n"
_RECORD = "  call void @__quantum__rt__int_record_output(i64 %i, ptr null)\n"


def _qir(body: str, *, before: str = "", required: str = _TWO) -> str:
    return (
        f"{before}define i64 @main() #0 {{\nentry:\n{body}  ret i64 0\n}}\n{_DECLARED}"
        f"attributes #0 = {{ {_ENTRY} {required} }}\n"
    )


def _loop(body: str) -> str:
    return _qir(
        "  br label %l\nl:\n  %i = phi i64 [0, %entry], [%j, %l]\n"
        + body
        + "  %j = add i64 %i, 1\n  %c = icmp eq i64 %j, 900000000\n  br i1 %c, label %x, label %l\nx:\n"
    )


def _branches(count: int) -> str:
    read = "  %c{0} = call i1 @__quantum__qis__read_result__body(ptr null)\n"
    each = _M + read + "  br i1 %c{0}, label %y{0}, label %n{0}\ny{0}:\n  br label %n{0}\nn{0}:\n"
    many = '"required_num_qubits"="2" "required_num_results"="100000"'
    return _qir("".join(each.format(number) for number in range(count)), required=many)


def _ionq(*gates: dict[str, object], qubits: int = 10) -> str:
    return json.dumps({"qubits": qubits, "circuit": gates})


def _pauliexp(terms: int, number: int = 0) -> dict[str, object]:
    return {
        "gate": "pauliexp", "targets": list(range(10)), "terms": ["XYZXYZXYZX"] * terms,
        "coefficients": [0.1 + number] * terms, "time": 1.0,
    }  # fmt: skip


def _doubling(count: int, *, angle: str = "", last: int) -> str:
    """Return definitions of gates that each stand for two of the one before."""
    parameters, argument = (f"({angle})", f"({angle}+{angle})") if angle else ("", "")
    lines = [f"gate g0{parameters} a {{ {'rx(t)' if angle else 'x'} a; }}\n"]
    lines += [
        f"gate g{number}{parameters} a {{ g{number - 1}{argument} a; g{number - 1}{argument} a; }}\n"
        for number in range(1, count)
    ]
    return f"{_QASM}qreg q[1];{''.join(lines)}g{last}{'(0.1)' if angle else ''} q[0];"


def _circuits(count: int) -> str:
    lines = [f"DEFCIRCUIT c{number} q:\n    c{number - 1} q\n    c{number - 1} q\n" for number in range(1, count)]
    return f"DEFCIRCUIT c0 q:\n    X q\n{''.join(lines)}c{count - 1} 0\n"


# Name -> format, and what makes a payload of about n bytes
FAMILIES: dict[str, tuple[str, Callable[[int], str]]] = {
    "ionq: a hundred million qubits": ("ionq.circuit.v1", lambda n: _ionq(qubits=10**8)),
    "ionq: a gate on qubit a hundred million": (
        "ionq.circuit.v1", lambda n: '{"circuit":[{"gate":"h","target":100000000}]}'),
    "ionq: a pauliexp of many terms": ("ionq.circuit.v1", lambda n: _ionq(_pauliexp(n // 33))),
    "ionq: many equal pauliexps": ("ionq.circuit.v1", lambda n: _ionq(*[_pauliexp(1)] * (n // 140))),
    "ionq: many different pauliexps": ("ionq.circuit.v1", lambda n: _ionq(*map(_pauliexp, [1] * n, range(n // 140)))),
    "ionq: deep in a member that is not read": (
        "ionq.circuit.v1", lambda n: '{"qubits":1,"circuit":[],"x":' + "[" * (n // 2) + "]" * (n // 2) + "}"),
    "ionq: many gates": ("ionq.circuit.v1", lambda n: _ionq(*[{"gate": "h", "target": 0}] * (n // 28))),
    "ionq: many targets": ("ionq.circuit.v1", lambda n: _ionq({"gate": "x", "targets": list(range(n // 7))})),
    "ionq: a number of many digits": ("ionq.circuit.v1", lambda n: '{"circuit":[],"qubits":' + "9" * n + "}"),
    "ionq: an angle of many digits": (
        "ionq.circuit.v1", lambda n: '{"circuit":[{"gate":"rx","target":0,"rotation":' + "9" * n + "}]}"),
    "qasm: gates that double": ("honeywell.openqasm.v1", lambda n: _doubling(19, last=17)),
    "qasm: gates that double too often": ("honeywell.openqasm.v1", lambda n: _doubling(n // 34, last=n // 34 - 1)),
    "qasm: angles in gates that double": ("honeywell.openqasm.v1", lambda n: _doubling(25, angle="t", last=16)),
    "qasm: long angles in gates that double": (
        "honeywell.openqasm.v1",
        lambda n: _doubling(18, last=1) + f"gate b(t) a {{ rx({'+'.join(['t'] * 400)}) a; }}\n"
        + "".join(f"gate b{k}(t) a {{ {f'b{k - 1}' if k else 'b'}(t) a; {f'b{k - 1}' if k else 'b'}(t) a; }}\n"
                  for k in range(17)) + "b16(1) q[0];"),
    "qasm: a wide register, many gates": (
        "honeywell.openqasm.v1", lambda n: _QASM + "qreg q[99999];" + "h q;" * (n // 4)),
    "qasm: a wide register, many measurements": (
        "honeywell.openqasm.v1", lambda n: _QASM + "qreg q[99999];creg c[99999];" + "measure q->c;" * (n // 13)),
    "qasm: many registers": (
        "honeywell.openqasm.v1",
        lambda n: _QASM + "".join(f"creg c{k}[1];" for k in range(n // 28)) + "c1=c2;" * (n // 14)),
    "qasm: a wide register in conditions": (
        "honeywell.openqasm.v1", lambda n: _QASM + "qreg q[1];creg c[1024];" + "if(c==1) x q[0];" * (n // 16)),
    "qasm: blanks behind measure": ("honeywell.openqasm.v1", lambda n: _QASM + "measure " + " " * n + "x;"),
    "qasm: blanks before a bracket": (
        "honeywell.openqasm.v1", lambda n: _QASM + "c" + " " * (n // 2) + "[0" + " " * (n // 2) + ";"),
    "qasm: blanks behind a bracket": (
        "honeywell.openqasm.v1", lambda n: _QASM + "c[0]" + " " * (n // 2) + "!" + " " * (n // 2) + ";"),
    "qasm: blanks in a definition": ("honeywell.openqasm.v1", lambda n: _QASM + "gate a" + " " * n + "(;"),
    "qasm: parentheses": ("honeywell.openqasm.v1", lambda n: _QASM + "qreg q[1]; rx" + "(" * n + " q[0];"),
    "qasm: closing parentheses": ("honeywell.openqasm.v1", lambda n: _QASM + "rx(" + ") " * (n // 2) + ";"),
    "qasm: parentheses of a condition": ("honeywell.openqasm.v1", lambda n: _QASM + "if" + "(" * n + ";"),
    "qasm: braces": ("honeywell.openqasm.v1", lambda n: _QASM + "gate a b {" + "}{" * (n // 2)),
    "qasm: semicolons": ("honeywell.openqasm.v1", lambda n: _QASM + ";" * n),
    "qasm: commas": ("honeywell.openqasm.v1", lambda n: _QASM + "qreg q[1]; h " + "," * n + ";"),
    "qasm: one long word": ("honeywell.openqasm.v1", lambda n: _QASM + "a" * n),
    "qasm: towers of powers": ("honeywell.openqasm.v1", lambda n: _QASM + "qreg q[1];rx(9^9^9^9^9) q[0];"),
    "qasm: signs": (
        "honeywell.openqasm.v1",
        lambda n: _QASM + "qreg q[1];" + "".join(f"rx({'-' * 900}{k}) q[0];" for k in range(n // 920))),
    "qasm: inversions": (
        "honeywell.openqasm.v1", lambda n: _QASM + "creg c[1];" + ("c=" + "~" * 900 + "c;") * (n // 904)),
    "quil: wide memory": ("rigetti.quil.v1", lambda n: "".join(f"DECLARE r{k} BIT[999999]\n" for k in range(n // 26))),
    "quil: much memory of numbers": (
        "rigetti.quil.v1", lambda n: "".join(f"DECLARE r{k} REAL[999999]\n" for k in range(n // 26))),
    "quil: a high qubit": ("rigetti.quil.v1", lambda n: "X 999999999\nRESET"),
    "quil: many resets of many": ("rigetti.quil.v1", lambda n: "X 99999\n" + "RESET\n" * (n // 6)),
    "quil: many parameters, many gates": (
        "rigetti.quil.v1", lambda n: "DECLARE t REAL[10000]\n" + "RX(t[0]) 0\n" * (n // 11)),
    "quil: circuits that double": ("rigetti.quil.v1", lambda n: _circuits(30)),
    "quil: a circuit within itself": ("rigetti.quil.v1", lambda n: "DEFCIRCUIT c q:\n    c q\n    c q\nc 0\n"),
    "quil: a wide permutation": (
        "rigetti.quil.v1",
        lambda n: "DEFGATE P AS PERMUTATION:\n    " + ", ".join(map(str, range(n // 7))) + "\nP 0\n"),
    "quil: a wide gate, often": (
        "rigetti.quil.v1",
        lambda n: "DEFGATE P AS PERMUTATION:\n    " + ", ".join(map(str, range(256)))
        + "\n" + "P 0 1 2 3 4 5 6 7\n" * (n // 18)),
    "quil: controls of a matrix": (
        "rigetti.quil.v1", lambda n: "CONTROLLED " * (n // 17) + "XY(1) " + " ".join(map(str, range(n // 17 + 2)))),
    "quil: controls that no qubits are there for": (
        "rigetti.quil.v1", lambda n: "DAGGER " + "CONTROLLED " * 40 + "ISWAP 0"),
    "quil: daggers": ("rigetti.quil.v1", lambda n: "DAGGER " * (n // 7) + "XY(1) 0 1"),
    "quil: daggers of a forked gate": ("rigetti.quil.v1", lambda n: "FORKED " + "DAGGER " * (n // 7) + "RX(1,2) 0 1"),
    "quil: a circuit's long name": ("rigetti.quil.v1", lambda n: "DEFCIRCUIT " + "a" * n + "!"),
    "quil: a sequence's long name": ("rigetti.quil.v1", lambda n: "DEFGATE " + "a" * n + " AS SEQUENC"),
    "quil: a sum of many terms": (
        "rigetti.quil.v1",
        lambda n: "DEFGATE S a b c d e f g h AS PAULI-SUM:\n" + "    XYZXYZXY(0.1) a b c d e f g h\n" * (n // 34)
        + "S 0 1 2 3 4 5 6 7\n"),
    "quil: a wide sum": (
        "rigetti.quil.v1",
        lambda n: f"DEFGATE S {' '.join(f'a{k}' for k in range(40))} AS PAULI-SUM:\n    X(1) a0\nS "
        + " ".join(map(str, range(40)))),
    "quil: blanks behind a modifier": ("rigetti.quil.v1", lambda n: "CONTROLLED" + " " * n + "x"),
    "quil: blanks behind a gate": ("rigetti.quil.v1", lambda n: "X 1" + " " * n + "x !"),
    "quil: many qubits": ("rigetti.quil.v1", lambda n: "X " + "1 " * (n // 2) + "!"),
    "quil: words of a circuit": ("rigetti.quil.v1", lambda n: "DEFCIRCUIT A " + "a" * n + "!"),
    "quil: qubits of a circuit": ("rigetti.quil.v1", lambda n: "DEFCIRCUIT A " + "a " * (n // 2) + "!"),
    "quil: blanks behind DECLARE": ("rigetti.quil.v1", lambda n: "DECLARE" + " " * n + "ro !"),
    "quil: labels": ("rigetti.quil.v1", lambda n: "".join(f"LABEL @a{k}\n" for k in range(n // 14))),
    "quil: a loop without an end": ("rigetti.quil.v1", lambda n: "LABEL @a\nX 0\nJUMP @a"),
    "quil: towers of powers": ("rigetti.quil.v1", lambda n: "RX(9^9^9^9^9) 0"),
    "qir: blank lines": ("qir.v1", lambda n: _qir("\n" * n)),
    "qir: blank lines and no block": ("qir.v1", lambda n: "define i64 @main() #0 {\n" + "\n" * n + "}\n"),
    "qir: blanks": ("qir.v1", lambda n: _qir("  call void @__quantum__qis__h__body(ptr null)" + " " * n + "\n")),
    "qir: many functions that do not end": ("qir.v1", lambda n: "define i64 @main() #0 {\n" * (n // 24)),
    "qir: calls in calls": ("qir.v1", lambda n: _qir("  %a = call " + "@a(" * (n // 3) + "\n")),
    "qir: deep types": ("qir.v1", lambda n: "%t = type " + "{" * n),
    "qir: deep arrays": (
        "qir.v1", lambda n: "%t = type " + "[1 x " * (n // 6) + "i1" + "]" * (n // 6) + "\n" + _qir("")),
    "qir: deep metadata": ("qir.v1", lambda n: "!0 = " + "!{" * (n // 2)),
    "qir: many qubits required": (
        "qir.v1", lambda n: _qir("", required='"required_num_qubits"="999999999" "required_num_results"="999999999"')),
    "qir: a high result": (
        "qir.v1",
        lambda n: _qir("  call void @__quantum__qis__mz__body(ptr null, ptr inttoptr (i64 2147483000 to ptr))\n")),
    "qir: an integer of millions of bits": ("qir.v1", lambda n: _qir("  %a = add i8388607 1, 2\n")),
    "qir: a number of many digits": ("qir.v1", lambda n: _qir("  %a = add i64 " + "9" * n + ", 2\n")),
    "qir: a large variable": (
        "qir.v1",
        lambda n: _qir("  %a = load i8, ptr @g\n", before="@g = global [1000000 x i8] zeroinitializer\n")),
    "qir: many large variables": (
        "qir.v1",
        lambda n: _qir("".join(f"  %a{k} = load i8, ptr @g{k}\n" for k in range(n // 75)),
                       before="".join(f"@g{k} = global [100000 x i8] zeroinitializer\n" for k in range(n // 75)))),
    "qir: elements without bytes": (
        "qir.v1",
        lambda n: _qir("  %a = load i8, ptr @g\n", before="@g = global [1000000000 x [0 x i8]] zeroinitializer\n")),
    "qir: a loop of gates": ("qir.v1", lambda n: _loop(_H * (n // 48))),
    "qir: a loop that allocates": ("qir.v1", lambda n: _loop("  %a = alloca i64\n  store i64 %i, ptr %a\n")),
    "qir: a loop that records": ("qir.v1", lambda n: _loop(_RECORD)),
    "qir: a loop that records and measures": ("qir.v1", lambda n: _loop(_RECORD + _M)),
    "qir: branches over many results": ("qir.v1", lambda n: _branches(n // 170)),
    "qir: functions that double": (
        "qir.v1",
        lambda n: _qir("  call void @f39()\n", before=f"define void @f0() {{\n{_H}  ret void\n}}\n" + "".join(
            f"define void @f{k}() {{\n  call void @f{k - 1}()\n  call void @f{k - 1}()\n  ret void\n}}\n"
            for k in range(1, 40)))),
    "qir: many phis": (
        "qir.v1",
        lambda n: _qir("  br label %l\nl:\n" + "".join(
            f"  %p{k} = phi i64 [0, %entry], [%p{k}, %l]\n" for k in range(n // 44)) + "  br label %l\nx:\n")),
    "pulser: deep": ("pasqal.pulser.v1", lambda n: '{"sequence_builder":' + "[" * (n // 2) + "]" * (n // 2) + "}"),
    "pulser: many atoms": (
        "pasqal.pulser.v1",
        lambda n: json.dumps({"sequence_builder": {"register": [{"name": str(k)} for k in range(n // 17)]}})),
    "pulser: text in text": ("pasqal.pulser.v1", lambda n: '{"sequence_builder":"' + "\\\\u0041" * (n // 7) + '"}'),
}  # fmt: skip


def main(input_format: str, length: int) -> None:
    """Read every payload of a format, each under the limits."""
    import resource

    import numpy as np

    from qsession_core.local.execution.prepare import prepare
    from qsession_core.local.execution.task import Task
    from qsession_core.local.interpreter.counting import counts_of
    from qsession_core.local.readers.circuit import JobFailure

    def read(text: str) -> str:
        task = Task("acme.qpu", input_format, "", text.encode(), {}, 1, 0, 100_000)
        try:
            counts_of(prepare(task))
        except JobFailure as failure:
            return failure.message
        return "read"

    np.linalg.eigh(np.eye(4, dtype=np.complex128))  # loads what is loaded once
    for text in ("{}", "OPENQASM 2.0;", "H 0", _qir(_H)):
        read(text)
    for name, (format_, make) in FAMILIES.items():
        if format_ != input_format:
            continue
        text = make(length)
        print(name, end=": ", flush=True)  # noqa: T201 - to the program that called it
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = int(used.ru_utime + used.ru_stime) + 1 + SECONDS
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - a device
            held = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
        resource.setrlimit(resource.RLIMIT_AS, (held + (MEGABYTES << 20), resource.RLIM_INFINITY))
        print(read(text), flush=True)  # noqa: T201 - to the program that called it


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

r"""Which language a text of a program is in: looked at before anything is sent.

>>> language_of(b'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;').title
'OpenQASM 3'
>>> language_of(b"hello") is None
True

A text is recognized by what its first statement can only be in one language, after its comments; QIR by the functions
that every program of it calls. Whether the rest is well formed is not judged here.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.decoding import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CIRQ",
    "IONQ",
    "JSON",
    "LANGUAGES",
    "OPENQASM_2",
    "OPENQASM_3",
    "ORDER_MARKS",
    "PULSER",
    "QIR",
    "QIR_BITCODE",
    "QPY",
    "QSHARP",
    "QUIL",
    "Language",
    "json_problem",
    "language_of",
    "text_of",
]


class Language(msgspec.Struct, frozen=True):
    """A language of programs.

    Attributes:
        name: A word for it, such as ``"openqasm3"``.
        title: Its name, such as ``"OpenQASM 3"``.
        input_data_format: The format in which it is sent as it is; empty if none.
        way_out: What to do with a program in it that no target takes.
    """

    name: str
    title: str
    input_data_format: str = ""
    way_out: str = ""


OPENQASM_2 = Language("openqasm2", "OpenQASM 2", "honeywell.openqasm.v1")
OPENQASM_3 = Language("openqasm3", "OpenQASM 3")
QIR = Language("qir", "QIR", "qir.v1")
QIR_BITCODE = Language("qir-bitcode", "QIR as bitcode", "qir.v1")
QUIL = Language("quil", "Quil", "rigetti.quil.v1", "Only Rigetti's targets take it.")
IONQ = Language("ionq-json", "IonQ JSON", "ionq.circuit.v1", "Only IonQ's targets take it.")
PULSER = Language("pulser-json", "a Pulser sequence", "pasqal.pulser.v1", "Only Pasqal's targets take it.")
CIRQ = Language("cirq-json", "a Cirq circuit in JSON", way_out="Pass the circuit itself: cirq.read_json(...).")
QSHARP = Language("qsharp", "Q#", way_out="Compile it with qdk.qsharp, and pass what qsharp.compile(...) returns.")
QPY = Language("qpy", "QPY", way_out="Pass the circuits themselves: qiskit.qpy.load(...).")
JSON = Language("json", "JSON of no known kind", way_out="An IonQ circuit has the members qubits and circuit.")
LANGUAGES = (OPENQASM_2, OPENQASM_3, QIR, QIR_BITCODE, QUIL, IONQ, PULSER, CIRQ, QSHARP, QPY, JSON)

_BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")  # LLVM's bitcode, and its wrapper
_QIR_MARK = b"__quantum__"
_HEAD = 1024  # where the first character of a text is looked for
ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

# Comments of all languages: // and /* */ of OpenQASM and Q#, # of Quil
_LEADING = re.compile(r"(?:\s+|//[^\n]*(?:\n|\Z)|/\*.*?\*/|\#(?!pragma)[^\n]*(?:\n|\Z))*", re.DOTALL)
_OPENQASM = re.compile(r"OPENQASM\s+(\d+)(?:\.\d+)?\s*;", re.IGNORECASE)
_STATEMENTS: tuple[tuple[Language, re.Pattern[str]], ...] = (
    (OPENQASM_2, re.compile(r"""include\s*"(?:qelib1|hqslib1(?:_dev)?)\.inc"\s*;|[qc]reg\s+\w+\s*\[\s*\d+\s*\]\s*;""")),
    (OPENQASM_3, re.compile(r"""include\s*"[^"\n]+"\s*;|\#?pragma\s|@\w[^\n]*\n\s*\w""")),
    (OPENQASM_3, re.compile(r"(?:qubit|bit|input|output|const|gate|def)\b[^;{\n]*[;{]")),
    (
        QSHARP,
        re.compile(r"(?:namespace\s+[\w.]+\s*\{|(?:operation|function)\s+\w+\s*\(|(?:open|import)\s+[\w.*]+\s*;)"),
    ),
    (
        QUIL,
        re.compile(
            r"(?:DECLARE|PRAGMA|DEFGATE|DEFCIRCUIT|DEFFRAME|DEFWAVEFORM|DEFCAL|LABEL|MEASURE|RESET|INCLUDE|HALT|NOP"
            r"|FENCE|JUMP(?:-WHEN|-UNLESS)?)\b"
        ),
    ),
    (
        QUIL,
        re.compile(
            r"(?:(?:CONTROLLED|DAGGER|FORKED)\s+)*[A-Z][A-Z0-9_-]*(?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\))?"
            r"(?:[ \t]+\d+)+[ \t]*(?:[\r\n;\#]|\Z)"
        ),
    ),
)


def text_of(data: bytes) -> str | None:
    """Return bytes as text, by their byte order mark or as UTF-8; None if they are no text."""
    encoding = next((name for mark, name in ORDER_MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def language_of(data: bytes) -> Language | None:
    """Return the language of a program; None if it is in none that is known."""
    if data.startswith(_BITCODE):
        return QIR_BITCODE
    if data.startswith(b"QISKIT"):
        return QPY
    if _QIR_MARK in data and data[:_HEAD].lstrip()[:1] != b"{":  # long texts are not decoded to be recognized
        return QIR
    text = text_of(data)
    if text is None:
        return None
    if text[:_HEAD].lstrip()[:1] == "{":
        return _kind_of_json(text)
    if _QIR_MARK.decode() in text:
        return QIR
    start = _LEADING.match(text)
    first = text[start.end() if start else 0 :]
    version = _OPENQASM.match(first)
    if version:
        return OPENQASM_2 if version[1] == "2" else OPENQASM_3
    return next((language for language, statement in _STATEMENTS if statement.match(first)), None)


def _kind_of_json(text: str) -> Language | None:
    """Return which kind of program a JSON object is; None if it is no JSON."""
    try:
        members: Mapping[str, Any] = read_json(text, dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError):
        return None
    if "cirq_type" in members:
        return CIRQ
    if "sequence_builder" in members:
        return PULSER
    return IONQ if "circuit" in members or "circuits" in members else JSON


def json_problem(text: str) -> tuple[str, int, int] | None:
    """Return what is wrong with a text that begins as a JSON object does, with line and column; None if nothing is."""
    if text[:_HEAD].lstrip()[:1] != "{":
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.msg[:1].lower() + error.msg[1:], error.lineno, error.colno
    except RecursionError:
        return "it is nested too deeply", 1, 1
    return None

"""Reads ``qir.v1`` in two steps: what our own writers write by a fast reader, everything else by LLVM's own parser.

The fast reader (`canonical.py`) takes texts of one exact grammar whole, or not at all. The other one
(`llvm.py`) needs pyqir, and takes text and bitcode of every style. Both make the same programs.

Source: the QIR specification (github.com/qir-alliance/qir-spec); docs/protocol.md 6.3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import Circuit
from qsession_core.local.readers.qir.calls import bad
from qsession_core.local.readers.qir.canonical import read_canonical
from qsession_core.local.readers.qir.llvm import read_llvm

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Operation, Output, Program

__all__ = ["is_bitcode", "read_qir"]

_BITCODE = (b"BC\xc0\xde", b"\xde\xc0\x17\x0b")


def read_qir(payload: bytes, entry_point: str = "", arguments: object = None) -> Circuit | Program:
    """Return the program in a payload: a Circuit where nothing branches, computes or calls.

    Args:
        payload: LLVM text in UTF-8, or bitcode.
        entry_point: Which function to run; empty for the only one that is marked as an entry point.
        arguments: What it is called with, as the job has it; None for nothing.

    Raises:
        JobFailure: The payload is not such a program; the message says where and why.
    """
    source = payload if is_bitcode(payload) else _text(payload)
    program = read_canonical(source, entry_point) if isinstance(source, str) and not arguments else None
    if program is None:
        program = _in_line(read_llvm(source, entry_point, arguments))
    if not isinstance(program, Circuit) and not arguments:
        program.payload = payload
    return program


def is_bitcode(payload: bytes) -> bool:
    """Say whether a payload is bitcode. LLVM ends its process over some that is damaged, so read it in a worker's."""
    return payload.startswith(_BITCODE)


def _text(payload: bytes) -> str:
    try:
        return payload.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise bad("the input is neither UTF-8 text nor bitcode") from error


def _in_line(program: Program) -> Circuit | Program:
    """Return a program of blocks that follow each other as a circuit, any other as it is."""
    operations: list[Operation] = []
    output: list[Output] = []
    if len(program.functions) > 1:
        return program
    blocks = program.functions[program.entry].blocks
    label: str | None = next(iter(blocks))
    seen = set()
    recorded: set[object] = set()  # the results among the records
    while label is not None:
        if label in seen:
            raise bad("the program does not end: its blocks jump in a circle")
        seen.add(label)
        following = None
        for instruction in blocks[label]:
            match instruction:
                case ("ops", made):
                    if recorded and any(name == "measure" and places[1] in recorded for name, places, _ in made):
                        return program  # what it recorded is an earlier value of the result
                    operations += made
                case ("record", kind, int() | float() as value):
                    output.append((kind, value))
                    if kind == "result":
                        recorded.add(value)
                case ("jump", target):
                    following = target
                case ("ret", _):
                    pass
                case _:
                    return program
        label = following
    return Circuit(program.num_qubits, program.num_results, operations, output)

"""The recorded output of a QIR program: the record calls at its end, and their order.

The last register comes first, and the bits of each from last to first, as the official client writes it: the display of
an outcome then reads like Qiskit's bit string. The official client's Cirq side records keys and bits in natural order
and reads them so; a program marked as Cirq's is recorded like that. So each client reads the other's jobs. Our own
decoder goes by the layout in the metadata.

One register is an array, several are a tuple of arrays. Bits in no register come first, as one more register. Bits that
nothing is measured into are not recorded: they are 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from qsession_core.formats.qir.branches import Held
    from qsession_core.program import Program

__all__ = ["groups_of", "records_of", "result"]


def result(number: int) -> str:
    """Return a result as an argument of a call."""
    return f"%Result* inttoptr (i64 {number} to %Result*)"


def groups_of(program: Program, written: Container[int]) -> list[list[int]]:
    """Return the classical bits of each array in the order in which they are recorded.

    Bits that are not in ``written`` (nothing is measured into them) are left out.
    """
    turn = 1 if program.metadata.get("cirq") == "True" else -1
    groups = [
        [clbit for clbit in register.clbits[::turn] if clbit in written] for register in program.registers[::turn]
    ]
    grouped = {clbit for group in groups for clbit in group}
    loose = [clbit for clbit in reversed(range(program.num_clbits)) if clbit in written and clbit not in grouped]
    return [group for group in (loose, *groups) if group]


def records_of(groups: list[list[int]], held: Mapping[int, Held]) -> tuple[list[str], list[str], list[str]]:
    """Return labels, calls and declarations of the recorded output.

    ``groups`` are those of :func:`groups_of`; ``held`` has the number of each classical bit's result, or its i1 value.
    """
    labels: list[str] = []
    calls: list[str] = []
    types = {"array": "i64", "tuple": "i64", "result": "%Result*"}

    def record(kind: str, first: str, path: str) -> None:
        label = f"{len(labels)}_{path}"
        size = len(label) + 1
        labels.append(f'@{len(labels)} = internal constant [{size} x i8] c"{label}\\00"\n')
        pointer = f"getelementptr inbounds ([{size} x i8], [{size} x i8]* @{len(labels) - 1}, i64 0, i64 0)"
        calls.append(f"  call void @__quantum__rt__{kind}_record_output({first}, i8* {pointer})\n")
        if kind == "bool":
            types["bool"] = "i1"

    several = len(groups) > 1
    if several:
        record("tuple", f"i64 {len(groups)}", "t")
    for number, group in enumerate(groups):
        path = f"t{number}a" if several else "a"
        record("array", f"i64 {len(group)}", path)
        for place, clbit in enumerate(group):
            where = held[clbit]
            if isinstance(where, int):
                record("result", result(where), f"{path}{place}r")
            else:
                record("bool", f"i1 {where}", f"{path}{place}b")
    declarations = [
        f"declare void @__quantum__rt__{kind}_record_output({type_}, i8*)\n" for kind, type_ in types.items()
    ]
    return labels, calls, declarations

"""``qir.v1``: QIR as text, typed pointers, QIR 1.0.

Source: the QIR specification (qir-alliance/qir-spec), Base and Adaptive profiles; recorded traffic of the service.

What is written, and why so:

* Text with typed pointers and QIR 1.0 module flags: every reader takes it. Doubles as hexadecimal constants, exact.
* Results are numbered by classical bit; a bit that is measured twice keeps one result, and the later one overwrites it.
* Recorded output, the one order: the last register first, the bits of each from last to first, so that its display
  reads like Qiskit's bit string. One register is an array, several are a tuple of arrays. Bits that nothing is
  measured into are not recorded: they are 0. The order travels in the job's metadata, and the decoder goes by it.
* Base: all measurements come last (:mod:`.deferral`). Adaptive: where they stand, with branches (:mod:`.branches`).

Invariants, held by property tests: time is linear in operations; read back by any reader, the module has the program's
distribution over classical bits; labels are distinct and never null.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConversionError, UnsupportedOperationError
from qsession_core.formats.branches import Branches
from qsession_core.formats.deferral import defer
from qsession_core.formats.payload import Payload
from qsession_core.formats.text import GAP, GappedText, llvm_doubles, require_bound
from qsession_core.gates import lower
from qsession_core.results import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from qsession_core.program import Angle, Block, Program

__all__ = ["DIALECTS", "INPUT", "OUTPUT", "Qir"]

INPUT = "qir.v1"
OUTPUT = "microsoft.quantum-results.v2"
ENTRY_POINT = "ENTRYPOINT__main"

# Gate word -> function; what a dialect lacks is decomposed into what it has
_EVERYWHERE = {
    "x": "x__body", "y": "y__body", "z": "z__body", "h": "h__body", "s": "s__body", "sdg": "s__adj", "t": "t__body",
    "tdg": "t__adj", "rx": "rx__body", "ry": "ry__body", "rz": "rz__body", "cx": "cx__body", "cz": "cz__body",
    "rzz": "rzz__body", "ccx": "ccx__body",
}  # fmt: skip
DIALECTS: dict[str, dict[str, str]] = {
    # Quantinuum's front end (qir-qis) has these and no others of the standard gates
    "quantinuum": _EVERYWHERE,
    # what Microsoft's own compiler emits for the other providers
    "microsoft": {**_EVERYWHERE, "cy": "cy__body", "swap": "swap__body", "rxx": "rxx__body", "ryy": "ryy__body"},
}
_BARRIERS = {"quantinuum"}  # dialects in which a barrier over some qubits has a name

_ATTRIBUTES = (
    'attributes #0 = {{ "entry_point" "output_labeling_schema" "qir_profiles"="{profile}" '
    '"required_num_qubits"="{qubits}" "required_num_results"="{results}" }}\nattributes #1 = {{ "irreversible" }}\n'
)
_PROFILES = {
    "Base": ("base_profile", ()),
    "Adaptive_RI": ("adaptive_profile", ('!{i32 5, !"int_computations", !{!"i64"}}',)),
    "Adaptive_RIF": (
        "adaptive_profile",
        ('!{i32 5, !"int_computations", !{!"i64"}}', '!{i32 5, !"float_computations", !{!"double"}}'),
    ),
}
_FLAGS = (
    '!{i32 1, !"qir_major_version", i32 1}',
    '!{i32 7, !"qir_minor_version", i32 0}',
    '!{i32 1, !"dynamic_qubit_management", i1 false}',
    '!{i32 1, !"dynamic_result_management", i1 false}',
)


@dataclass(frozen=True, slots=True)
class Qir:
    """Writes ``qir.v1``.

    Attributes:
        dialect: A key of :data:`DIALECTS`: which functions the provider knows.
    """

    dialect: str = "microsoft"
    input_data_format: str = INPUT

    def encode(self, program: Program, *, profile: str = "Base") -> Payload:
        """Write a program; see :class:`~qsession_core.formats.payload.Format`."""
        require_bound(program.parameters)
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "Base") -> QirTemplate:
        """Write a program that has parameters once, for many bindings."""
        writer = _Writer(program, self.dialect, profile)
        text = GappedText(writer.module(), tuple(writer.angles), llvm_doubles)
        layout = Layout(program.num_clbits, program.registers, writer.recorded)
        return QirTemplate(text, {**program.metadata, Layout.KEY: layout.to_text()}, writer.num_qubits)


@dataclass(frozen=True, slots=True)
class QirTemplate:
    """A QIR module with gaps for its angles."""

    text: GappedText
    metadata: Mapping[str, str]
    num_qubits: int

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        items = [{"entryPoint": ENTRY_POINT, "arguments": []}]
        return Payload(
            self.text.fill(values).encode(), INPUT, INPUT, OUTPUT, {"items": items}, self.metadata, self.num_qubits
        )


class _Writer:
    """One module."""

    def __init__(self, program: Program, dialect: str, profile: str) -> None:
        self.program = program
        self.profile = profile if profile in _PROFILES else "Base"
        self.functions = DIALECTS[dialect]
        self.barriers = dialect in _BARRIERS
        self.angles: list[float | Angle] = []
        self.problems: list[ConversionError] = []
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self.num_qubits = program.num_qubits
        # (name, qubits) -> the call, for gates that the dialect has
        self.known: dict[tuple[str, tuple[int, ...]], str] = {}
        # classical bit -> the number of its result: one for each bit that anything is measured into
        self.results = {clbit: number for number, clbit in enumerate(sorted(_measured(program.body)))}
        self.recorded: tuple[int, ...] = ()

    def module(self) -> str:
        """Write everything, or raise one error that lists every problem."""
        if not self.results:
            self.problems.append(
                ConversionError("The program measures nothing, so there is nothing to return; add a measurement.")
            )
        if self.profile == "Base":
            self._base()
        else:
            self._adaptive()
        if self.problems:
            raise ConversionError.of(self.problems)
        labels, records = self._records()
        profile, more_flags = _PROFILES[self.profile]
        flags = (*_FLAGS, *more_flags)
        return "".join(
            [
                "%Result = type opaque\n%Qubit = type opaque\n\n",
                *labels,
                f"\ndefine i64 @{ENTRY_POINT}() #0 {{\nblock_0:\n  call void @__quantum__rt__initialize(i8* null)\n",
                *self.lines,
                *records,
                "  ret i64 0\n}\n\n",
                *sorted(self.declared.values()),
                "declare void @__quantum__rt__initialize(i8*)\n",
                "declare void @__quantum__rt__array_record_output(i64, i8*)\n",
                "declare void @__quantum__rt__tuple_record_output(i64, i8*)\n",
                "declare void @__quantum__rt__result_record_output(%Result*, i8*)\n\n",
                _ATTRIBUTES.format(profile=profile, qubits=self.num_qubits, results=len(self.results)),
                "\n!llvm.module.flags = !{" + ", ".join(f"!{number}" for number in range(len(flags))) + "}\n\n",
                *(f"!{number} = {flag}\n" for number, flag in enumerate(flags)),
            ]
        )

    # --- the two profiles --------------------------------------------------------------------------------------

    def _base(self) -> None:
        """Write the gates, then the measurements."""
        program = self.program
        if "if" in program.words:
            index = program.body.names.index("if")
            self._refuse("if", index, (), "the target's profile is Base; choose a target with an Adaptive profile.")
            return
        deferred = defer(program)
        self.num_qubits = deferred.num_qubits
        self._gates(deferred.names, deferred.qubits, deferred.params, deferred.indices)
        for clbit, qubit in sorted(deferred.measured.items()):
            self._measure(qubit, clbit)

    def _adaptive(self) -> None:
        """Write everything where it stands."""
        Branches(self.lines, self.results, self._segment, self.declared).write(self.program.body)

    def _segment(self, block: Block, start: int, stop: int) -> None:
        """Write a part of a block that has no branch in it."""
        self._gates(block.names[start:stop], block.qubits[start:stop], block.params[start:stop], range(start, stop))

    def _gates(
        self,
        names: Sequence[str],
        qubits: Sequence[tuple[int, ...]],
        params: Sequence[tuple[Any, ...]],
        indices: Iterable[int],
    ) -> None:
        append, add_angles, known = self.lines.append, self.angles.extend, self.known
        for name, places, angles, index in zip(names, qubits, params, indices, strict=True):
            try:
                append(known[name, places])
            except KeyError:
                self._rare(name, places, angles, index)
            else:
                if angles:
                    add_angles(angles)

    def _rare(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], index: int) -> None:
        """Write a gate for the first time, or what is no gate of the dialect."""
        match name:
            case "measure":
                self._measure(qubits[0], params[0])
                return
            case "reset":
                self._declare("__quantum__qis__reset__body", "%Qubit*", irreversible=True)
                self.lines.append(f"  call void @__quantum__qis__reset__body({_qubit(qubits[0])})\n")
                return
            case "barrier":
                if self.barriers and qubits:
                    function = f"__quantum__qis__barrier{len(qubits)}__body"
                    self._declare(function, ", ".join(["%Qubit*"] * len(qubits)))
                    self.lines.append(f"  call void @{function}({', '.join(map(_qubit, qubits))})\n")
                return
            case "pauliexp":
                self._refuse(name, index, qubits, "QIR has no evolution; decompose it into gates first.")
                return
        try:
            for word, places, angles in lower(name, qubits, params, self.functions):
                self.lines.append(self._call(word, places))
                self.angles.extend(angles)
        except KeyError:
            self._refuse(name, index, qubits, "decompose it into standard gates first.")

    def _call(self, word: str, qubits: tuple[int, ...]) -> str:
        """Return the call of one gate of the dialect, with gaps for its angles, which come first."""
        if (word, qubits) not in self.known:
            function = "__quantum__qis__" + self.functions[word]
            doubles = ["double"] if word.startswith("r") else []
            self._declare(function, ", ".join(doubles + ["%Qubit*"] * len(qubits)))
            arguments = [f"double {GAP}"] * len(doubles) + [_qubit(qubit) for qubit in qubits]
            self.known[word, qubits] = f"  call void @{function}({', '.join(arguments)})\n"
        return self.known[word, qubits]

    def _measure(self, qubit: int, clbit: int) -> None:
        self._declare("__quantum__qis__m__body", "%Qubit*, %Result*", irreversible=True)
        self.lines.append(f"  call void @__quantum__qis__m__body({_qubit(qubit)}, {_result(self.results[clbit])})\n")

    def _declare(self, function: str, types: str, *, irreversible: bool = False) -> None:
        self.declared[function] = f"declare void @{function}({types}){' #1' if irreversible else ''}\n"

    def _refuse(self, name: str, index: int, qubits: tuple[int, ...], way_out: str) -> None:
        where = f" on qubits {', '.join(map(str, qubits))}" if qubits else ""
        self.problems.append(
            UnsupportedOperationError(
                f"Operation {index}, {name}{where}, cannot be written as {INPUT}: {way_out}",
                operation=name,
                index=index,
                qubits=qubits,
                format=INPUT,
                supported=tuple(self.functions),
            )
        )

    # --- recorded output ---------------------------------------------------------------------------------------

    def _records(self) -> tuple[list[str], list[str]]:
        """Return the labels and the record calls; note the order."""
        groups = _groups(self.program, self.results)
        labels: list[str] = []
        records: list[str] = []

        def record(function: str, first: str, path: str) -> None:
            label = f"{len(labels)}_{path}"
            size = len(label) + 1
            labels.append(f'@{len(labels)} = internal constant [{size} x i8] c"{label}\\00"\n')
            pointer = f"getelementptr inbounds ([{size} x i8], [{size} x i8]* @{len(labels) - 1}, i64 0, i64 0)"
            records.append(f"  call void @__quantum__rt__{function}_record_output({first}, i8* {pointer})\n")

        several = len(groups) > 1
        if several:
            record("tuple", f"i64 {len(groups)}", "t")
        for number, group in enumerate(groups):
            path = f"t{number}a" if several else "a"
            record("array", f"i64 {len(group)}", path)
            for place, clbit in enumerate(group):
                record("result", _result(self.results[clbit]), f"{path}{place}r")
        self.recorded = tuple(clbit for group in groups for clbit in group)
        return labels, records


def _measured(block: Block) -> set[int]:
    """Return every classical bit that something is measured into."""
    clbits = {params[0] for name, params in zip(block.names, block.params, strict=True) if name == "measure"}
    if "if" in block.names:
        for name, params in zip(block.names, block.params, strict=True):
            if name == "if":
                clbits |= {clbit for branch in params[1:] if branch is not None for clbit in _measured(branch)}
    return clbits


def _groups(program: Program, results: Mapping[int, int]) -> list[list[int]]:
    """Return the measured bits of each register as they are recorded; bits in no register come first of all."""
    groups = [
        [clbit for clbit in reversed(register.clbits) if clbit in results] for register in reversed(program.registers)
    ]
    grouped = {clbit for group in groups for clbit in group}
    loose = [clbit for clbit in sorted(results, reverse=True) if clbit not in grouped]
    return [group for group in (loose, *groups) if group]


def _qubit(number: int) -> str:
    return f"%Qubit* inttoptr (i64 {number} to %Qubit*)"


def _result(number: int) -> str:
    return f"%Result* inttoptr (i64 {number} to %Result*)"

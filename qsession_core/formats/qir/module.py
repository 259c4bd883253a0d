"""``qir.v1``: QIR as text, typed pointers, QIR 1.0.

Source: the QIR specification (qir-alliance/qir-spec), Base and Adaptive profiles; recorded traffic of the service.

What is written, and why so:

* Text with typed pointers and QIR 1.0 module flags: every reader takes it. Doubles as hexadecimal constants, exact.
* Each measurement has a result of its own, numbered as they come; a bit that is measured again holds the later one.
* Recorded output comes in one order (:mod:`.recorded`), which travels in the job's metadata; the decoder goes by it.
* Base: all measurements come last (:mod:`.deferral`). Adaptive: where they stand, with branches (:mod:`.branches`).
* A barrier is written where the provider has it, if gates come before it and after it; else it means nothing.

Invariants, held by property tests: time is linear in operations; read back by any reader, the module has the program's
distribution over classical bits; labels are distinct and never null.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConfigurationError
from qsession_core.formats.interface import Payload
from qsession_core.formats.qir.branches import Branches
from qsession_core.formats.qir.records import groups_of, records_of, result
from qsession_core.formats.writing.deferral import defer, separating
from qsession_core.formats.writing.gapped_text import GAP, GappedText, llvm_doubles
from qsession_core.formats.writing.lowering import Forms, Vocabulary, evolved, gaps, symbols
from qsession_core.formats.writing.problems import (
    all_of,
    nothing_measured,
    placed,
    require_bound,
    shape_problem,
    unsupported,
)
from qsession_core.gates.words import GATES, decompose
from qsession_core.program import measured_in
from qsession_core.results.result import Layout

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from qsession_core.formats.writing.lowering import Lowered
    from qsession_core.program import Angle, Block, Operation, Program

__all__ = ["DIALECTS", "INPUT", "OUTPUT", "Qir", "to_bitcode"]

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
# Profiles that hold more than we write
_WRITTEN_AS = {"Adaptive": "Adaptive_RIF", "Unrestricted": "Adaptive_RIF"}
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
        bitcode: Whether the payload is LLVM bitcode (of pyqir's LLVM, opaque pointers) instead of text. It is a fifth
            of the size, but takes a hundred times as long to make.
    """

    dialect: str = "microsoft"
    bitcode: bool = False
    input_data_format: str = INPUT

    def encode(self, program: Program, *, profile: str = "Base") -> Payload:
        """Write a program; see :class:`~qsession_core.formats.interface.Format`."""
        require_bound(program.parameters, ())
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "Base") -> QirTemplate:
        """Write a program that has parameters once, for many bindings."""
        writer = _Writer(program, self.dialect, profile)
        text = GappedText(writer.module(), tuple(writer.angles), llvm_doubles)
        layout = Layout(program.num_clbits, program.registers, writer.recorded)
        metadata = {**program.metadata, Layout.KEY: layout.to_text()}
        return QirTemplate(text, metadata, writer.num_qubits, program.parameters, self.bitcode)


@dataclass(frozen=True, slots=True)
class QirTemplate:
    """A QIR module with gaps for its angles."""

    text: GappedText
    metadata: Mapping[str, str]
    num_qubits: int
    parameters: tuple[str, ...] = ()
    bitcode: bool = False

    def bind(self, values: Sequence[float]) -> Payload:
        """Fill the gaps: parameter i of the program has ``values[i]``."""
        require_bound(self.parameters, values)
        data = self.text.fill(values).encode()
        if self.bitcode:
            data = to_bitcode(data)
        items = [{"entryPoint": ENTRY_POINT, "arguments": []}]
        return Payload(data, INPUT, INPUT, OUTPUT, {"items": items}, self.metadata, self.num_qubits)


def to_bitcode(text: bytes) -> bytes:
    """Turn QIR as text into LLVM bitcode, as pyqir's LLVM writes it.

    Raises:
        ConfigurationError: pyqir is not installed.
    """
    try:
        import pyqir
    except ImportError as error:
        raise ConfigurationError(
            "QIR as bitcode is written by pyqir, which is not installed: pip install pyqir, or send it as text."
        ) from error
    bitcode: bytes = pyqir.Module.from_ir(pyqir.Context(), text.decode()).bitcode
    return bitcode


class _Writer:
    """One module."""

    def __init__(self, program: Program, dialect: str, profile: str) -> None:
        self.program, self.problems = placed(program, INPUT)
        profile = _WRITTEN_AS.get(profile, profile)
        self.profile = profile if profile in _PROFILES else "Base"
        self.functions = DIALECTS[dialect]
        self.barriers = dialect in _BARRIERS
        self.angles: list[float | Angle] = []
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self.num_qubits = program.num_qubits
        self.forms = Forms(_VOCABULARIES[dialect])
        self.branches = Branches(
            self.lines,
            self._segment,
            self._refuse_condition,
            self.declared,
            floats=self.profile == "Adaptive_RIF",
        )
        self.recorded: tuple[int, ...] = ()

    def module(self) -> str:
        """Write everything, or raise one error that lists every problem."""
        if not measured_in(self.program.body):
            self.problems.append(nothing_measured())
        if self.profile == "Base":
            self._base()
        else:
            self.branches.write(self.program.body)
        if self.problems:
            raise all_of(self.problems)
        held = self.branches.held
        groups = groups_of(self.program, held)
        self.recorded = tuple(clbit for group in groups for clbit in group)
        labels, records, declarations = records_of(groups, held)
        for word in self.forms.words:
            types = ["double"] * GATES[word].num_params + ["%Qubit*"] * GATES[word].num_qubits
            self._declare(_function(self.functions, word), ", ".join(types))
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
                *declarations,
                "\n",
                _ATTRIBUTES.format(profile=profile, qubits=self.num_qubits, results=self.branches.num_results),
                "\n!llvm.module.flags = !{" + ", ".join(f"!{number}" for number in range(len(flags))) + "}\n\n",
                *(f"!{number} = {flag}\n" for number, flag in enumerate(flags)),
            ]
        )

    def _base(self) -> None:
        """Write the gates, then the measurements."""
        deferred = defer(self.program)
        self.num_qubits = deferred.num_qubits
        meant = {deferred.indices[place] for place in separating(deferred.names, deferred.qubits)}
        self._gates(deferred.names, deferred.qubits, deferred.params, deferred.indices, meant)
        for clbit, qubit in sorted(deferred.measured.items()):
            self._measure(qubit, clbit)

    @cached_property
    def separating(self) -> frozenset[int]:
        """The barriers outside all branches that mean something."""
        return separating(self.program.body.names, self.program.body.qubits)

    def _segment(self, block: Block, start: int, stop: int) -> None:
        """Write a part of a block that has no branch in it."""
        part, indices = slice(start, stop), range(start, stop)
        meant = self.separating if self.branches.inside is None else indices
        self._gates(block.names[part], block.qubits[part], block.params[part], indices, meant)

    def _gates(
        self,
        names: Sequence[str],
        qubits: Sequence[tuple[int, ...]],
        params: Sequence[tuple[Any, ...]],
        indices: Iterable[int],
        barriers: Container[int],
    ) -> None:
        """Write operations without branches; ``barriers`` has the indices of those that mean something."""
        append, add_angles, texts = self.lines.append, self.angles.extend, self.forms.texts
        for name, places, angles, index in zip(names, qubits, params, indices, strict=True):
            calls = texts[name].get(places)
            if calls is not None:
                append(calls)
                if angles:
                    add_angles(angles)
                continue
            written = self.forms.known(name, places, angles, self.num_qubits)
            if written is None:
                written = self._first(name, places, angles, index, meant=index in barriers)
            if written is not None:
                append(written[0])
                add_angles(gaps(written, angles))

    def _first(
        self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], index: int, *, meant: bool
    ) -> Lowered | None:
        """Work out a gate that comes for the first time; write what is no gate, and return None."""
        match name:
            case "measure":
                self._measure(qubits[0], params[0])
            case "reset":
                self._declare("__quantum__qis__reset__body", "%Qubit*", irreversible=True)
                self.lines.append(f"  call void @__quantum__qis__reset__body({_qubit(qubits[0])})\n")
            case "barrier":
                if meant and self.barriers:
                    function = f"__quantum__qis__barrier{len(qubits)}__body"
                    self._declare(function, ", ".join(["%Qubit*"] * len(qubits)))
                    self.lines.append(f"  call void @{function}({', '.join(map(_qubit, qubits))})\n")
            case "if":  # only the profile Base comes here with it
                self._refuse(name, index, (), "the target's profile is Base; choose a target with an Adaptive profile.")
            case "pauliexp":
                try:
                    steps = evolved(qubits, params, self.functions)
                except ValueError as error:
                    self._refuse(name, index, qubits, f"{error}.")
                else:
                    for word, places, angles in steps:
                        self.lines.append(self.forms.pattern(word, len(places), len(angles)).on(places))
                        self.angles += angles
            case _:
                problem = shape_problem(name, qubits, params, self.num_qubits)
                if problem is None:
                    return self.forms.worked_out(name, qubits, params, self.num_qubits)
                self._refuse(name, index, qubits, problem)
        return None

    def _measure(self, qubit: int, clbit: int) -> None:
        self._declare("__quantum__qis__m__body", "%Qubit*, %Result*", irreversible=True)
        number = self.branches.measured(clbit)
        self.lines.append(f"  call void @__quantum__qis__m__body({_qubit(qubit)}, {result(number)})\n")

    def _declare(self, function: str, types: str, *, irreversible: bool = False) -> None:
        self.declared[function] = f"declare void @{function}({types}){' #1' if irreversible else ''}\n"

    def _refuse(self, name: str, index: int, qubits: tuple[int, ...], way_out: str) -> None:
        inside = self.branches.inside
        self.problems.append(
            unsupported(
                INPUT,
                name,
                index if inside is None else inside,
                qubits,
                way_out,
                supported=tuple(self.functions),
                in_branch=inside is not None,
            )
        )

    def _refuse_condition(self, index: int, problem: str) -> None:
        self._refuse("if", index, (), f"{problem}.")


def _vocabulary(functions: dict[str, str]) -> Vocabulary:
    """Return how gates are written by a dialect's functions."""

    def steps(name: str, num_qubits: int, num_params: int) -> Iterator[Operation]:
        return decompose(name, range(num_qubits), symbols(num_params), functions)

    def call(word: str, num_qubits: int) -> str:  # angles come first
        arguments = [f"double {GAP}"] * GATES[word].num_params
        arguments += ["%%Qubit* inttoptr (i64 %s to %%Qubit*)"] * num_qubits
        return f"  call void @{_function(functions, word)}({', '.join(arguments)})\n"

    return Vocabulary(steps, call)


_VOCABULARIES = {dialect: _vocabulary(functions) for dialect, functions in DIALECTS.items()}


def _function(functions: Mapping[str, str], word: str) -> str:
    return "__quantum__qis__" + functions[word]


def _qubit(number: int) -> str:
    return f"%Qubit* inttoptr (i64 {number} to %Qubit*)"

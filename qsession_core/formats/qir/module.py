"""``qir.v1``: QIR as text, typed pointers, QIR 1.0.

Source: docs/protocol.md 6.3; the QIR specification (qir-alliance/qir-spec), Base and Adaptive profiles.

* Text with typed pointers and QIR 1.0 module flags: every reader takes it. Doubles as hexadecimal constants, exact.
* Each measurement has a result of its own, numbered in order; a bit that is measured again holds the later one.
* The order of the recorded output (:mod:`.records`) travels in the job's metadata, where the decoder reads it.
* Base: all measurements come last (:mod:`~qsession_core.formats.writing.deferral`). Adaptive: they stay where they are,
  with branches (:mod:`.branches`).
* A barrier is written if the provider has one and gates come before and after it; else it changes nothing.

Invariants, held by property tests: time is linear in operations; read back by any reader, the module has the program's
distribution over classical bits; labels are distinct and never null.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.errors import ConfigurationError
from qsession_core.extras import install
from qsession_core.formats.interface import MICROSOFT_V2, InputFormat, Payload
from qsession_core.formats.qir.branches import Branches
from qsession_core.formats.qir.records import groups_of, records_of, result
from qsession_core.formats.writing.deferral import defer, separating
from qsession_core.formats.writing.gapped_text import GAP, GappedTemplate, GappedText, llvm_doubles
from qsession_core.formats.writing.lowering import GateVocabulary, symbols
from qsession_core.formats.writing.problems import nothing_measured, require_bound
from qsession_core.formats.writing.writer import Handler, Writer
from qsession_core.gates.words import GATES, decompose
from qsession_core.program import written_in
from qsession_core.results.result import Layout

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from qsession_core.program import Block, Operation, Program

__all__ = ["DIALECTS", "FORMAT", "INPUT", "Qir", "from_qir", "from_qir_object", "to_bitcode"]

ENTRY_POINT = "ENTRYPOINT__main"

# Gate word -> function; gates that a dialect lacks are decomposed
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
_BARRIERS = {"quantinuum"}  # dialects with a barrier over some qubits

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
# Profiles that allow more than we need
_WRITTEN_AS = {"Adaptive": "Adaptive_RIF", "Unrestricted": "Adaptive_RIF"}
_FLAGS = (
    '!{i32 1, !"qir_major_version", i32 1}',
    '!{i32 7, !"qir_minor_version", i32 0}',
    '!{i32 1, !"dynamic_qubit_management", i1 false}',
    '!{i32 1, !"dynamic_result_management", i1 false}',
)


FORMAT = InputFormat("qir.v1", MICROSOFT_V2, "qir.v1")
INPUT = FORMAT.name


class Qir(msgspec.Struct, frozen=True):
    """Encodes programs as ``qir.v1``.

    Attributes:
        dialect: A key of :data:`DIALECTS`: which functions the provider knows.
        bitcode: Whether the payload is LLVM bitcode (of pyqir's LLVM, opaque pointers) instead of text: a fifth of the
            size, but a hundred times slower to make.
    """

    dialect: str = "microsoft"
    bitcode: bool = False
    input_data_format: str = INPUT
    keeps: frozenset[str] = frozenset()

    def encode(self, program: Program, *, profile: str = "Base") -> Payload:
        """Encode a program; see :class:`~qsession_core.formats.interface.Format`."""
        require_bound(program.parameters, ())
        return self.template(program, profile=profile).bind(())

    def template(self, program: Program, *, profile: str = "Base") -> GappedTemplate:
        """Encode a program that has parameters once, for many bindings."""
        module = _Module(program, self.dialect, profile)
        text = GappedText(module.text(), tuple(module.writer.angles), llvm_doubles)
        layout = Layout(program.num_clbits, program.registers, module.recorded)
        return GappedTemplate(
            text,
            FORMAT,
            {**program.metadata, Layout.KEY: layout.to_text()},
            module.writer.num_qubits,
            program.parameters,
            {"items": [{"entryPoint": ENTRY_POINT, "arguments": []}]},
            to_bitcode if self.bitcode else str.encode,
        )


def from_qir_object(source: Any, target: str, profile: str) -> Payload:
    """Return a payload of an object with ``_repr_qir_``, such as what ``qsharp.compile`` returns."""
    return from_qir(source._repr_qir_(target=target), profile)


def from_qir(written: str | bytes, profile: str) -> Payload:
    """Return a payload of a module that a compiler has written for a profile."""
    data = written.encode() if isinstance(written, str) else bytes(written)
    params = {"entryPoint": ENTRY_POINT, "arguments": [], "target_profile": profile}
    return Payload(data, FORMAT.content_type, INPUT, FORMAT.output_data_format, params)


def to_bitcode(text: str) -> bytes:
    """Return QIR text as LLVM bitcode of pyqir's LLVM.

    Raises:
        ConfigurationError: pyqir is not installed.
    """
    try:
        import pyqir
    except ImportError as error:
        raise ConfigurationError(
            f"QIR as bitcode is written by pyqir, which is not installed: {install('qir')}, or send it as text."
        ) from error
    bitcode: bytes = pyqir.Module.from_ir(pyqir.Context(), text).bitcode
    return bitcode


class _Module:
    """The text of one program.

    Attributes:
        writer: What writes its operations.
        recorded: The classical bits in the order in which the program records them; set by :meth:`text`.
    """

    def __init__(self, program: Program, dialect: str, profile: str) -> None:
        profile = _WRITTEN_AS.get(profile, profile)
        self._profile = profile if profile in _PROFILES else "Base"
        self._functions = DIALECTS[dialect]
        self._has_barriers = dialect in _BARRIERS
        self.writer = Writer(program, INPUT, _VOCABULARIES[dialect], tuple(self._functions))
        self.writer.handlers |= {
            "measure": lambda qubits, params, _index: self._measure(qubits[0], params[0]),
            "reset": self._reset,
            "barrier": self._barrier,
            "if": self._adaptive("if"),
            "assign": self._adaptive("assign"),
        }
        self._lines: list[str] = []
        self._declared: dict[str, str] = {}
        self._branches = Branches(
            self._lines, self._segment, self.writer, self._declared, floats=self._profile == "Adaptive_RIF"
        )
        self._effective: Container[int] = ()  # the indices of barriers with gates before and after them
        self.recorded: tuple[int, ...] = ()

    def text(self) -> str:
        """Write everything, or raise one error that lists every problem."""
        writer, branches, program = self.writer, self._branches, self.writer.program
        if self._profile == "Base":
            self._base()
        else:
            branches.write(program.body)
        writer.raise_problems(*([] if written_in(program.body) else [nothing_measured()]))
        groups = groups_of(program, branches.held)
        self.recorded = tuple(clbit for group in groups for clbit in group)
        labels, records, declarations = records_of(groups, branches.held)
        for word in writer.gates.words:
            types = ["double"] * GATES[word].num_params + ["%Qubit*"] * GATES[word].num_qubits
            self._declare(_function(self._functions, word), ", ".join(types))
        profile, more_flags = _PROFILES[self._profile]
        flags = (*_FLAGS, *more_flags)
        return "".join(
            [
                "%Result = type opaque\n%Qubit = type opaque\n\n",
                *labels,
                f"\ndefine i64 @{ENTRY_POINT}() #0 {{\nblock_0:\n  call void @__quantum__rt__initialize(i8* null)\n",
                *self._lines,
                *records,
                "  ret i64 0\n}\n\n",
                *sorted(self._declared.values()),
                "declare void @__quantum__rt__initialize(i8*)\n",
                *declarations,
                "\n",
                _ATTRIBUTES.format(profile=profile, qubits=writer.num_qubits, results=branches.num_results),
                "\n!llvm.module.flags = !{" + ", ".join(f"!{number}" for number in range(len(flags))) + "}\n\n",
                *(f"!{number} = {flag}\n" for number, flag in enumerate(flags)),
            ]
        )

    def _base(self) -> None:
        """Write the gates, then the measurements."""
        deferred = defer(self.writer.program)
        self.writer.num_qubits = deferred.num_qubits
        self._effective = {deferred.indices[place] for place in separating(deferred.names, deferred.qubits)}
        self._lines += self.writer.write(deferred.names, deferred.qubits, deferred.params, deferred.indices)
        self._lines += [self._measure(qubit, clbit) for clbit, qubit in sorted(deferred.measured.items())]

    @cached_property
    def _separating(self) -> frozenset[int]:
        """The barriers outside all branches that have gates before and after them."""
        body = self.writer.program.body
        return separating(body.names, body.qubits)

    def _segment(self, block: Block, start: int, stop: int) -> None:
        """Write a part of a block that has no branch in it."""
        part, indices = slice(start, stop), range(start, stop)
        self._effective = self._separating if self.writer.inside is None else indices
        self._lines += self.writer.write(block.names[part], block.qubits[part], block.params[part], indices)

    # --- what is not a gate --------------------------------------------------------------------------------------

    def _measure(self, qubit: int, clbit: int) -> str:
        self._declare("__quantum__qis__m__body", "%Qubit*, %Result*", irreversible=True)
        number = self._branches.measured(clbit)
        return f"  call void @__quantum__qis__m__body({_qubit(qubit)}, {result(number)})\n"

    def _reset(self, qubits: tuple[int, ...], _params: tuple[Any, ...], _index: int) -> str:
        self._declare("__quantum__qis__reset__body", "%Qubit*", irreversible=True)
        return f"  call void @__quantum__qis__reset__body({_qubit(qubits[0])})\n"

    def _barrier(self, qubits: tuple[int, ...], _params: tuple[Any, ...], index: int) -> str:
        if not self._has_barriers or index not in self._effective:
            return ""
        function = f"__quantum__qis__barrier{len(qubits)}__body"
        self._declare(function, ", ".join(["%Qubit*"] * len(qubits)))
        return f"  call void @{function}({', '.join(map(_qubit, qubits))})\n"

    def _adaptive(self, name: str) -> Handler:
        """Refuse an operation in profile Base; in the others :class:`Branches` writes it."""
        way_out = "the target's profile is Base; choose a target with an Adaptive profile."
        return lambda _qubits, _params, index: self.writer.refuse(name, index, (), way_out)

    def _declare(self, function: str, types: str, *, irreversible: bool = False) -> None:
        self._declared[function] = f"declare void @{function}({types}){' #1' if irreversible else ''}\n"


def _vocabulary(functions: dict[str, str]) -> GateVocabulary:
    """Return the vocabulary of a dialect: a call of one of its functions for each gate."""

    def steps(name: str, num_qubits: int, num_params: int) -> Iterator[Operation]:
        return decompose(name, range(num_qubits), symbols(num_params), functions)

    def call(word: str, num_qubits: int) -> str:  # angles come first
        arguments = [f"double {GAP}"] * GATES[word].num_params
        arguments += ["%%Qubit* inttoptr (i64 %s to %%Qubit*)"] * num_qubits
        return f"  call void @{_function(functions, word)}({', '.join(arguments)})\n"

    return GateVocabulary(steps, call)


_VOCABULARIES = {dialect: _vocabulary(functions) for dialect, functions in DIALECTS.items()}


def _function(functions: Mapping[str, str], word: str) -> str:
    return "__quantum__qis__" + functions[word]


def _qubit(number: int) -> str:
    return f"%Qubit* inttoptr (i64 {number} to %Qubit*)"

"""Reads QIR of every style through pyqir, which is LLVM's own parser and verifier: text and bitcode alike.

What comes out of it are typed instructions; each is turned into one of the tuples of `circuit.py`. An instruction, a
type or a function that has no such tuple is refused by its name, never skipped. Only functions that the entry point
calls are read.

pyqir's objects belong to the thread that made them. So nothing here may be part of a circle of references, which the
garbage collector would end in any thread, and no error may carry them out.
"""

from __future__ import annotations

import re
from collections import deque
from math import isfinite
from typing import TYPE_CHECKING, Any

from qsession_core.extras import install
from qsession_core.local.readers.allowance import check_widths
from qsession_core.local.readers.circuit import Function, JobFailure, Program
from qsession_core.local.readers.qir.arguments import values_of
from qsession_core.local.readers.qir.calls import bad, instruction, meaning
from qsession_core.local.readers.qir.llvm_instructions import one_line, read_instruction
from qsession_core.local.readers.qir.llvm_links import check_links
from qsession_core.local.readers.qir.llvm_values import Values, is_plain, name_of_type
from qsession_core.processes.worker import bounded_memory

if TYPE_CHECKING:
    from collections.abc import Collection

    from qsession_core.local.readers.circuit import Instruction, Operation

__all__ = ["read_llvm"]

_MARKS = ("entry_point", "EntryPoint")
# Intrinsics that mean nothing to a program's result
_SILENT = ("llvm.lifetime.", "llvm.dbg.", "llvm.assume", "llvm.donothing")
_SHOWN = 80
# LLVM's parser calls itself for each bracket within another one, and its stack ends somewhere beyond this depth
_MAX_NESTED = 100
# Reading a number takes it the square of the number's length; those of 64 bits have 20 digits
_BITCODE_BYTES = 512 << 20
_TOKEN = re.compile(r'"[^"]*"|;[^\n]*|[\[{(<]|[\]})>]|[0-9A-Fa-f]{400}')


def read_llvm(payload: str | bytes, entry_point: str = "", arguments: object = None) -> Program:
    """Return the program of a module.

    Args:
        payload: Text or bitcode.
        entry_point: The function to run; empty for the only one that is marked.
        arguments: What it is called with, as the job has it.

    Raises:
        JobFailure: pyqir is not installed, the module is not valid, or it has something that is not understood here.
    """
    try:
        return _read(payload, entry_point, arguments)
    except JobFailure as raised:
        failure = raised
    except BaseException as raised:
        if type(raised).__name__ != "PanicException":  # how pyqir breaks off; it is not an Exception
            raise
        failure = bad("LLVM's parser broke off over the module")
    # pyqir's objects must end in the thread that made them, and the frames of a traceback would keep them
    failure.__traceback__ = failure.__cause__ = failure.__context__ = None
    raise failure


def _read(payload: str | bytes, entry_point: str, arguments: object) -> Program:
    try:
        import pyqir
    except ImportError as error:
        raise JobFailure(
            "QIRPreProcessingFailed",
            f"QIR of other compilers, and bitcode, is read by pyqir, which is not installed: {install('qir')}.",
        ) from error
    context = pyqir.Context()
    if isinstance(payload, str) and "\x00" in payload:
        raise bad("the text has a NUL character")  # pyqir panics on it
    if isinstance(payload, str):
        _check_tokens(payload)
    try:
        if isinstance(payload, str):
            module = pyqir.Module.from_ir(context, payload)
        else:
            with bounded_memory(
                _BITCODE_BYTES + 64 * len(payload)
            ):  # damaged bitcode makes LLVM ask for as much as there is
                module = pyqir.Module.from_bitcode(context, payload)
    except (ValueError, TypeError) as error:
        if isinstance(payload, bytes):
            problem = f"The bitcode cannot be read: {one_line(str(error))}."
            raise JobFailure("QIRPreProcessingFailed", problem) from error
        raise bad(_located(str(error), payload)) from error
    problem = module.verify()
    if problem is not None:
        raise bad(f"the module is not valid: {one_line(problem)}")
    return _Module(module, pyqir).program(entry_point, arguments)


def _check_tokens(text: str) -> None:
    """Refuse what LLVM's parser would end or stay over: brackets nested too deep, and numbers too long.

    Strings and comments do not count.
    """
    depth = 0
    for found in _TOKEN.finditer(text):
        letter = found[0]
        if letter in "[{(<":
            depth += 1
            if depth > _MAX_NESTED:
                raise bad(f"brackets are nested more than {_MAX_NESTED} deep")
        elif letter in "]})>":
            depth = max(0, depth - 1)
        elif letter[0] not in '";':
            raise bad(f"the number {letter[:20]}... is too long")


def _located(problem: str, payload: str) -> str:
    """Return LLVM's message with the number of the line that it shows, where there is only one such line."""
    lines = problem.split("\n")
    reason = lines[0].removeprefix("error: ")
    if len(lines) == 1:
        return f"the module cannot be read: {one_line(reason)}"
    places = [number for number, line in enumerate(payload.split("\n"), 1) if line == lines[1]]
    where = f"line {places[0]}" if len(places) == 1 else "the line"
    return f"{where} {lines[1].strip()[:_SHOWN]!r} cannot be read: {one_line(reason)}"


class _Module:
    """Reads the functions of one module."""

    def __init__(self, module: Any, pyqir: Any) -> None:
        self._module = module
        self._call_opcode, self._double = pyqir.Opcode.CALL, pyqir.FloatConstant
        self._functions = {function.name: function for function in module.functions}
        self._values = Values(module)
        self._called: deque[str] = deque()
        self._seen: set[str] = set()
        self._sizes = [0, 0]
        self._bound = ""  # the entry point, if it takes arguments
        self._callees: dict[Any, str] = {}
        self._meanings: dict[tuple[str, ...], tuple[str, str]] = {}
        # calls with constant arguments -> their operations; the same for one gate, without its angle
        self._known: dict[tuple[Any, ...], list[Operation]] = {}
        self._turns: dict[tuple[Any, ...], tuple[str, tuple[int, ...]]] = {}

    def program(self, entry_point: str, arguments: object) -> Program:
        entry = self._entry(entry_point)
        # within the entry point, its parameters are constants
        self._bound = entry.name if entry.params else ""
        types = [(value.name, name_of_type(value.type)) for value in entry.params]
        self._values.bind(dict(zip(entry.params, values_of(arguments, types), strict=True)))
        self._sizes = [self._required(entry, "qubits"), self._required(entry, "results")]
        self._reach(entry.name)
        read: dict[str, Function] = {}
        while self._called:
            name = self._called.popleft()
            read[name] = self._function(self._functions[name])
        read[entry.name].parameters = ()
        self._check_links(read)
        check_widths("qir.v1", *self._sizes)
        return Program(self._sizes[0], self._sizes[1], read, entry.name, self._values.memory())

    def _check_links(self, read: Collection[str]) -> None:
        """Refuse what a linker refuses of the rest of the module; without a rest there is nothing to look at."""
        has_rest = any(function.basic_blocks and name not in read for name, function in self._functions.items())
        if has_rest or not all(map(is_plain, self._module.global_variables)):
            declared = [name for name, function in self._functions.items() if not function.basic_blocks]
            check_links(str(self._module), declared)

    def _entry(self, name: str) -> Any:
        marked = [
            function
            for function in self._functions.values()
            if function.basic_blocks and any(mark in function.attributes.func for mark in _MARKS)
        ]
        names = ", ".join(function.name for function in marked)
        if not marked:
            raise bad("no function is marked as an entry point")
        chosen = [function for function in marked if name in {"", function.name}]
        if not chosen:
            raise bad(f"there is no entry point {name[:_SHOWN]!r}; there is {names}")
        if len(chosen) > 1:
            raise bad(f"several functions are marked as entry points ({names}); name one as entryPoint")
        return chosen[0]

    def _required(self, function: Any, what: str) -> int:
        for name in (f"required_num_{what}", f"num_required_{what}"):
            if name in function.attributes.func:
                text = function.attributes.func[name].string_value or ""
                if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004 - as a number of qubits
                    raise bad(f"{name} is {text[:_SHOWN]!r}, which is not a number")
                return int(text)
        return 0

    def _reach(self, name: str) -> None:
        if name not in self._seen:
            self._seen.add(name)
            self._called.append(name)

    def _function(self, function: Any) -> Function:
        self._values.begin(function)
        blocks: dict[str, list[Instruction]] = {}
        for block in function.basic_blocks:
            made: list[Instruction] = []
            for entry in block.instructions:
                operations = self._repeated(entry)
                if operations is None:
                    one = (
                        self._call(entry)
                        if entry.opcode is self._call_opcode
                        else read_instruction(entry, self._values)
                    )
                    if one is None:
                        continue
                    if one[0] == "initialize":
                        if blocks or len(self._seen) > 1 or any(before[0] != "alloca" for before in made):
                            raise bad("qubits are initialized after the start, which is not understood here")
                        continue
                    if one[0] != "ops":
                        made.append(one)
                        continue
                    operations = one[1]
                    self._grow(operations)
                    self._remember(entry, operations)
                if made and made[-1][0] == "ops":
                    made[-1][1].extend(operations)
                else:
                    made.append(("ops", list(operations)))
            blocks[self._values.label(block)] = made
        return Function(tuple(self._values.name(value) for value in function.params), blocks)

    def _repeated(self, entry: Any) -> list[Operation] | None:
        """Return the operations of a call like one before, whose arguments are constants; None for all else."""
        if entry.opcode is not self._call_opcode:
            return None
        callee, arguments = entry.callee, entry.args
        if not arguments or type(arguments[0]) is not self._double:
            return self._known.get((callee, *arguments))
        turn = self._turns.get((callee, *arguments[1:]))
        if turn is None or not isfinite(angle := arguments[0].value):
            return None
        return [(*turn, (angle,))]

    def _remember(self, entry: Any, operations: list[Operation]) -> None:
        """Keep the operations of a call for those like it."""
        callee, arguments = entry.callee, entry.args
        if type(arguments[0]) is not self._double:
            self._known[callee, *arguments] = operations
        elif len(operations) == 1 and len(operations[0][2]) == 1:
            self._turns[callee, *arguments[1:]] = operations[0][:2]

    def _grow(self, operations: list[Any]) -> None:
        for word, places, _ in operations:
            if word == "measure":
                self._sizes[0] = max(self._sizes[0], places[0] + 1)
                self._sizes[1] = max(self._sizes[1], places[1] + 1)
            else:
                self._sizes[0] = max(self._sizes[0], max(places) + 1)

    def _call(self, entry: Any) -> Instruction | None:
        callee = entry.callee
        name = self._callees.get(callee)
        if name is None:
            name = getattr(callee, "name", "")
            if type(callee).__name__ != "Function" or name not in self._functions:
                raise bad(f"the call {one_line(str(entry))[:_SHOWN]!r} is not of a function of the module")
            self._callees[callee] = name
        if name.startswith(_SILENT):
            return None
        returned = name_of_type(entry.type)
        made = None if returned == "void" else self._values.name(entry)
        arguments, typed = entry.args, []
        if name.endswith("_record_output") and len(arguments) > 1:
            typed.append(self._values.label_of(arguments.pop()))
        typed = [self._values.typed(value) for value in arguments] + typed
        operands = [operand for _, operand in typed]
        form = (name, returned, *(type_ for type_, _ in typed))
        called = self._meanings.get(form)
        if called is None:
            called = self._meanings[form] = self._meaning(name, returned, form[2:])
        match called[0]:
            case "invoke":
                return ("invoke", made, name, operands)
            case "nothing":
                return None
            case "initialize":
                return called
        return self._noted(instruction(called, made, operands))

    def _meaning(self, name: str, returned: str, types: tuple[str, ...]) -> tuple[str, str]:
        """Return what calls of a function with these types mean."""
        function = self._functions[name]
        if not function.basic_blocks:
            return meaning(name, types, returned)
        if list(types) != [name_of_type(value.type) for value in function.params]:
            raise bad(f"{name} is called with the wrong arguments")
        if name == self._bound:
            raise bad(f"the entry point {name} takes arguments, and the program calls it")
        self._reach(name)
        return ("invoke", name)

    def _noted(self, made: Instruction | None) -> Instruction | None:
        """Take the numbers of results that are read or recorded."""
        if made is not None:
            result = made[2] if made[0] in {"read", "write"} or made[:2] == ("record", "result") else None
            if isinstance(result, int):
                if result < 0:
                    raise bad(f"{result} is not the number of a result")
                self._sizes[1] = max(self._sizes[1], result + 1)
        return made

"""Reads what pyqir's instructions are made of: types, constants, global variables, and the names of values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.circuit import UNDEFINED, Address, Cells
from qsession_core.local.readers.qir.calls import bad

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Values", "is_plain", "name_of_type", "size_of"]

_SHOWN = 80
_MAX_WIDTH = 64  # pyqir hands out no more bits of a constant
# All global variables that a program reaches: their elements
_MAX_ELEMENTS = 1 << 18
_MAX_NESTED = 100
_UNDEFINED = re.compile(r"(?:i\d+|double|ptr) (?:undef|poison)")
_NUMBERED = re.compile(r"ptr inttoptr \(i(\d+) (-?\d+) to ptr\)")
_ELEMENT = re.compile(r"getelementptr (?:(?:inbounds|nuw|nusw) )*+\(?([^,]{0,1000}), ")
_FIXED_ELEMENT = re.compile(
    r"ptr getelementptr (?:(?:inbounds|nuw|nusw) )*\(([^,]*), ptr (@[^ ,]+)((?:, i\d+ -?\d+)+)\)"
)
_INDEX = re.compile(r", i\d+ (-?\d+)")
_ARRAY = re.compile(r"\[(\d+) x (.+)\]")
_SIZES = {"double": 8, "ptr": 8}


def name_of_type(type_: Any) -> str:
    """Return a type of values as LLVM writes it: ``i64``, ``double``, ``ptr``, ``void``.

    Raises:
        JobFailure: Values of this type are not understood here.
    """
    kind = type(type_).__name__
    if kind == "IntType" and type_.width <= _MAX_WIDTH:
        return f"i{type_.width}"
    if kind == "PointerType" and type_.address_space == 0:
        return "ptr"
    if kind == "Type" and type_.is_double:
        return "double"
    if kind == "Type" and type_.is_void:
        return "void"
    shown = f"i{type_.width}" if kind == "IntType" else kind
    raise bad(f"values of the type {shown} are not understood here")


def size_of(type_: Any) -> int:
    """Return how many bytes a type takes in memory."""
    count = 1
    for _ in range(_MAX_NESTED):
        if type(type_).__name__ != "ArrayType":
            return count * _size_of_name(name_of_type(type_))
        count *= int(type_.count)
        type_ = type_.element
    raise bad(f"an array is nested more than {_MAX_NESTED} deep")


def is_plain(variable: Any) -> bool:
    """Say whether a global variable is numbers or text, which name nothing else."""
    type_: Any = getattr(variable.initializer, "type", None)
    while type(type_).__name__ == "ArrayType":
        type_ = type_.element
    return type(type_).__name__ == "IntType"


def _size_of_name(name: str) -> int:
    """Return how many bytes a type takes, by its name: ``[3 x i64]`` has 24."""
    count = 1
    while array := _ARRAY.fullmatch(name):
        count *= int(array[1])
        name = array[2]
    return count * _size_of_one(name)


def _size_of_one(name: str) -> int:
    if name in _SIZES:
        return _SIZES[name]
    if re.fullmatch(r"i\d{1,2}", name) and 0 < int(name[1:]) <= _MAX_WIDTH:
        bits = int(name[1:])
        return next(size for size in (1, 2, 4, 8) if bits <= 8 * size)
    raise bad(f"memory of the type {name[:_SHOWN]!r} is not understood here")


def _as_signed(value: int, width: int) -> int:
    """Return the number that bits mean, two's complement; one bit is 0 or 1."""
    return value - (1 << width) if width > 1 and value >> (width - 1) else value


class Values:
    """The values of a module, and of the function that is being read."""

    def __init__(self, module: Any) -> None:
        self._globals = {variable: place for place, variable in enumerate(module.global_variables)}
        self._left = _MAX_ELEMENTS
        self._used: list[int] = []  # the global variables that the program reaches; labels are not among them
        self._names: dict[Any, str] = {}
        self._by_text: dict[str, int] | None = None
        self._constants: dict[Any, tuple[str, Any]] = {}
        self._bound: dict[Any, int | float] = {}  # parameters of the entry point

    def bind(self, values: dict[Any, int | float]) -> None:
        """Take the values of the entry point's parameters."""
        self._bound = values

    def begin(self, function: Any) -> None:
        """Start with another function: names are its own."""
        self._names = {}
        for parameter in function.params:
            self.name(parameter)

    def name(self, value: Any) -> str:
        """Return the name of a value; values without one are numbered."""
        name = self._names.get(value)
        if name is None:
            name = self._names[value] = f"%{value.name}" if value.name else f"%:{len(self._names)}"
        return name

    def label(self, block: Any) -> str:
        """Return the label of a block."""
        return self.name(block)

    def operands(self, values: Iterable[Any]) -> list[Any]:
        """Return operands, one after the other."""
        return [self.operand(value) for value in values]

    def typed(self, value: Any) -> tuple[str, Any]:
        """Return the type of an operand, and the operand; constants are read once."""
        known = self._constants.get(value)
        if known is None:
            known = (name_of_type(value.type), self.operand(value))
            if not isinstance(known[1], str):
                self._constants[value] = known
        return known

    def operand(self, value: Any) -> Any:
        """Return an operand: a number, an address, UNDEFINED, or the name of a value."""
        kind = type(value).__name__
        if kind == "IntConstant":
            width = int(name_of_type(value.type)[1:])
            return _as_signed(value.value, width)
        if kind == "FloatConstant":
            name_of_type(value.type)
            return float(value.value)
        if kind == "GlobalVariable":
            return self._address(self._globals[value], 0)
        if kind in {"Constant", "ArrayConstant"}:
            return self._constant(value)
        if kind in {"Function", "BasicBlock"}:
            raise bad(f"the address of the function {value.name} is used as a value, which is not understood here")
        if value in self._bound:
            return self._bound[value]
        return self.name(value)

    def _constant(self, value: Any) -> Any:
        type_ = name_of_type(value.type)
        if value.is_null:
            return 0.0 if type_ == "double" else 0
        text = str(value)
        if _UNDEFINED.fullmatch(text):
            return UNDEFINED
        found = _NUMBERED.fullmatch(text)
        if found:
            width = int(found[1])
            return _as_signed(int(found[2]) & ((1 << width) - 1), 64)
        found = _FIXED_ELEMENT.fullmatch(text)
        if found:
            return self._address(self._named(found[2]), _offset(found))
        raise bad(f"the constant {text[:_SHOWN]!r} is not understood here")

    def label_of(self, value: Any) -> tuple[str, Any]:
        """Return the type of a record's label, and 0: what it says does not matter here.

        Raises:
            JobFailure: It is neither null nor within a constant.
        """
        type_, text = name_of_type(value.type), str(value)
        if type(value).__name__ == "GlobalVariable" or text == "ptr null":
            return type_, 0
        found = _FIXED_ELEMENT.fullmatch(text)
        if found is not None:
            variable = list(self._globals)[self._named(found[2])]
            if 0 <= _offset(found) < size_of(variable.initializer.type):
                return type_, 0
        raise bad(f"the label {text[:_SHOWN]!r} of a record does not lie within a constant")

    def _address(self, piece: int, offset: int) -> Address:
        if piece not in self._used:
            self._used.append(piece)
        return Address(piece, offset)

    def _named(self, name: str) -> int:
        """Return the place of a global variable by its name in LLVM's text."""
        if self._by_text is None:
            self._by_text = {str(variable).partition(" = ")[0]: place for variable, place in self._globals.items()}
        return self._by_text[name]

    def strides(self, text: str, num_indices: int) -> list[int]:
        """Return the bytes that each index of a getelementptr moves by; only its text says what it points to."""
        found = _ELEMENT.search(text)
        if found is None:
            raise bad(f"the instruction {text.strip()[:_SHOWN]!r} is not understood here")
        return _strides(found[1], num_indices)

    def memory(self) -> tuple[Cells, ...]:
        """Return the global variables; those that no address leads to are empty."""
        pieces = [Cells(0) for _ in self._globals]
        variables = list(self._globals)
        for place in self._used:  # it grows while addresses within variables are found
            pieces[place] = self._cells(variables[place])
        return tuple(pieces)

    def _cells(self, variable: Any) -> Cells:
        initial = variable.initializer
        if initial is None:
            raise bad(f"the variable {variable.name} has no value")
        size_of(initial.type)  # refuses what is nested too deep
        values: dict[int, tuple[str, Any]] = {}
        size = self._fill(values, initial, 0)
        return Cells(size, values, bool(variable.is_constant))

    def _fill(self, values: dict[int, tuple[str, Any]], constant: Any, offset: int) -> int:
        """Write a constant into memory at an offset; return how many bytes it has."""
        type_ = constant.type
        if type(type_).__name__ != "ArrayType":
            self._spend(1)
            name = name_of_type(type_)
            values[offset] = (name, self.operand(constant))
            return _size_of_name(name)
        size, step = size_of(type_), size_of(type_.element)
        elements = getattr(constant, "elements", None)
        if elements is None:
            if not constant.is_null:
                raise bad(f"the constant {str(constant)[:_SHOWN]!r} is not understood here")
            values.update(self._zeros(type_, offset))
            return size
        for place, element in enumerate(elements):
            self._fill(values, element, offset + place * step)
        return size

    def _spend(self, elements: int) -> None:
        """Take elements of global variables that are about to be made."""
        self._left -= elements
        if self._left < 0:
            raise bad(f"the program's variables have more than {_MAX_ELEMENTS} elements")

    def _zeros(self, type_: Any, offset: int) -> dict[int, tuple[str, Any]]:
        if type(type_).__name__ == "ArrayType":
            self._spend(int(type_.count))
            step = size_of(type_.element)
            made: dict[int, tuple[str, Any]] = {}
            for place in range(type_.count):
                made.update(self._zeros(type_.element, offset + place * step))
            return made
        name = name_of_type(type_)
        return {offset: (name, 0.0 if name == "double" else 0)}


def _offset(found: re.Match[str]) -> int:
    """Return the bytes that a constant getelementptr moves by."""
    indices = [int(number) for number in _INDEX.findall(found[3])]
    return sum(index * stride for index, stride in zip(indices, _strides(found[1], len(indices)), strict=True))


def _strides(element: str, num_indices: int) -> list[int]:
    """Return the bytes that each index moves by, from the type that a getelementptr starts with.

    >>> _strides("[2 x [3 x i64]]", 3)
    [48, 24, 8]
    """
    strides = []
    for _ in range(num_indices):
        strides.append(_size_of_name(element))
        array = _ARRAY.fullmatch(element)
        element = array[2] if array else ""
    return strides

"""What of a program's classical side can still matter: values that are used later, results that are read later.

Two ways through a program that are at one place and differ only in what does not matter go on alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.local.readers.circuit import targets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qsession_core.local.readers.circuit import Instruction, Program

__all__ = ["Liveness"]

# Names of values, and numbers of results
_Live = tuple[frozenset[str], frozenset[int]]
# Values and results that are live, and results that may be measured later
_Entry = tuple[frozenset[str], frozenset[int], frozenset[int]]


class Liveness:
    """What is live at each place of a program's entry point, by the usual equations, backwards over its blocks.

    Within other functions everything counts as live; so does every result where a read has a computed number. A result
    that is recorded, and measured again later, is live until it is recorded: the record keeps what it was.

    Args:
        program: The program.

    Attributes:
        ever_read: The results that the program reads anywhere.
    """

    def __init__(self, program: Program) -> None:
        everything = frozenset(range(program.num_results))
        self.ever_read = _read(program.instructions(), everything)
        self._everything = everything
        self._blocks = program.functions[program.entry].blocks
        self._entries: dict[str, _Entry] = dict.fromkeys(self._blocks, (frozenset(), frozenset(), frozenset()))
        self._known: dict[tuple[str, int], _Live] = {}
        before: dict[str, list[str]] = {}
        for label, block in self._blocks.items():
            for target in targets(block[-1]):
                before.setdefault(target, []).append(label)
        waiting = list(self._blocks)
        while waiting:
            label = waiting.pop()
            live = self._before(label, 0)
            if live != self._entries[label]:
                self._entries[label] = live
                waiting += before.get(label, [])

    def at(self, label: str, index: int) -> _Live:
        """Return what is live before an instruction of a block."""
        known = self._known.get((label, index))
        if known is None:
            known = self._known[label, index] = self._before(label, index)[:2]
        return known

    def _before(self, label: str, index: int) -> _Entry:
        block = self._blocks[label]
        following = [self._entries[target] for target in targets(block[-1])]
        names = set().union(*(live[0] for live in following))
        results = set().union(*(live[1] for live in following))
        measured = set().union(*(live[2] for live in following))
        for instruction in reversed(block[index:]):
            self._pass(instruction, names, results, measured)
        return frozenset(names), frozenset(results), frozenset(measured)

    def _pass(self, instruction: Instruction, names: set[str], results: set[int], measured: set[int]) -> None:
        """Go backwards over one instruction."""
        kind = instruction[0]
        if kind == "ops":
            written = [places[1] for name, places, _ in instruction[1] if name == "measure"]
            results.difference_update(written)
            measured.update(written)
            return
        if kind in {"gate", "invoke"}:
            measured |= self._everything
        if kind == "write" and isinstance(instruction[2], int):
            results.discard(instruction[2])
        elif kind == "invoke":
            results |= self.ever_read
        if kind in _DEFINES:
            names.discard(instruction[1])
        names.update(operand for operand in _operands(instruction) if isinstance(operand, str))
        if kind == "record" and instruction[1] == "result":
            results |= measured if isinstance(instruction[2], str) else measured & {instruction[2]}
        elif kind == "read":
            results.update([instruction[2]] if isinstance(instruction[2], int) else self._everything)


_DEFINES = frozenset({"read", "set", "cast", "select", "phi", "alloca", "load", "gep", "invoke"})


def _read(instructions: Iterable[Instruction], everything: frozenset[int]) -> frozenset[int]:
    """Return the results that instructions read."""
    read = {instruction[2] for instruction in instructions if instruction[0] == "read"}
    return frozenset(read) if all(isinstance(result, int) for result in read) else everything


def _operands(instruction: Instruction) -> list[Any]:
    """Return the operands of an instruction, names of values among them."""
    match instruction:
        case ("gate", _, doubles, pointers):
            return [*doubles, *pointers]
        case ("read", _, operand) | ("load", _, _, operand) | ("record", _, operand):
            return [operand]
        case ("write", value, result):
            return [value, result]
        case ("set", _, _, _, operands) | ("invoke", _, _, operands):
            return list(operands)
        case ("cast", _, _, _, _, operand):
            return [operand]
        case ("select", _, condition, one, other):
            return [condition, one, other]
        case ("phi", _, sources):
            return list(sources.values())
        case ("store", _, value, address):
            return [value, address]
        case ("gep", _, address, steps):
            return [address, *(index for index, _ in steps)]
        case ("br" | "switch" | "ret", operand, *_):
            return [operand]
        case _:
            return []

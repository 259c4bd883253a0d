"""The order of a function's blocks: which stand behind which, and from which the function ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.local.readers.circuit import targets

if TYPE_CHECKING:
    from qsession_core.local.readers.circuit import Instruction

__all__ = ["order_of"]


def order_of(blocks: dict[str, list[Instruction]]) -> dict[str, int]:
    """Number the blocks of a function so that a block stands behind those that lead to it, loops apart.

    Blocks from which no way leads to a return, or to an instruction that fails, have no number.
    """
    before: dict[str, list[str]] = {}
    found: list[str] = []
    for label, block in blocks.items():
        following = targets(block[-1])
        if not following:
            found.append(label)
        for target in following:
            before.setdefault(target, []).append(label)
    ending = set(found)
    while found:
        new = [label for label in before.get(found.pop(), ()) if label not in ending]
        ending.update(new)
        found += new
    first = next(iter(blocks))
    finished: list[str] = []
    seen = {first}
    stack = [(first, iter(targets(blocks[first][-1])))]
    while stack:
        label, following_ones = stack[-1]
        unseen = next((one for one in following_ones if one not in seen), None)
        if unseen is None:
            finished.append(label)
            stack.pop()
        else:
            seen.add(unseen)
            stack.append((unseen, iter(targets(blocks[unseen][-1]))))
    return {label: number for number, label in enumerate(reversed(finished)) if label in ending}

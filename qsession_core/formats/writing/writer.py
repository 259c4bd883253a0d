"""The one loop that writes operations as text, for every format that is text.

Gates are written by the format's :class:`~qsession_core.formats.writing.lowering.GateVocabulary`. For everything else
(measure, reset, barrier, if...) the format has a table of handlers, by the operation's name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from qsession_core.formats.writing.evolution import evolution
from qsession_core.formats.writing.lowering import KnownGates, gaps
from qsession_core.formats.writing.problems import all_of, check_indices, shape_problem, unsupported
from qsession_core.gates.words import decompose

if TYPE_CHECKING:
    from collections.abc import Collection

    from qsession_core.errors import ConversionError
    from qsession_core.formats.writing.lowering import GateVocabulary
    from qsession_core.program import Angle, Program

__all__ = ["Handler", "Writer"]

# Takes qubits, params and index of an operation; returns its text, having added the angles for the text's gaps
Handler = Callable[[tuple[int, ...], tuple[Any, ...], int], str]


class Writer:
    """Writes the operations of one program.

    Attributes:
        program: The program, operations with impossible indices replaced by empty barriers.
        problems: What keeps it from being written, as it is found.
        num_qubits: The qubits that operations may act on.
        angles: What goes into the gaps of all that is written, in order.
        gates: The gates that were met.
        handlers: Operation name -> what writes it.
        inside: In a branch: the index of the outermost ``if``; else None.
    """

    def __init__(
        self,
        program: Program,
        input_data_format: str,
        vocabulary: GateVocabulary,
        words: Collection[str],
        gate_problem: Callable[[str, tuple[int, ...], tuple[Any, ...], int], str | None] = shape_problem,
    ) -> None:
        """Check the program's indices.

        Args:
            program: What to write.
            input_data_format: The format's name, for problems.
            vocabulary: How it writes gates.
            words: The gate words that it has.
            gate_problem: Takes name, qubits, params of a gate and the number of qubits; returns what is wrong with it.
        """
        self.program, self.problems = check_indices(program, input_data_format)
        self.num_qubits = program.num_qubits
        self.angles: list[float | Angle] = []
        self.gates = KnownGates(vocabulary)
        self.handlers: dict[str, Handler] = {"pauliexp": self._evolution}
        self.inside: int | None = None
        self._input_data_format = input_data_format
        self._words = words
        self._gate_problem = gate_problem

    def write(
        self,
        names: Sequence[str],
        qubits: Sequence[tuple[int, ...]],
        params: Sequence[tuple[Any, ...]],
        indices: Sequence[int],
    ) -> list[str]:
        """Return the text of each operation, in order of time; their angles are added to :attr:`angles`.

        The columns are those of a :class:`~qsession_core.program.Block`; ``indices`` are the operations' places in the
        block that they come from, for problems.
        """
        pieces: list[str] = []
        append, add_angles, texts = pieces.append, self.angles.extend, self.gates.texts
        find, num_qubits = self.gates.find, self.num_qubits
        for name, places, angles in zip(names, qubits, params, strict=True):
            text = texts[name].get(places)
            if text is not None:
                append(text)
                if angles:
                    add_angles(angles)
                continue
            written = find(name, places, angles, num_qubits)
            if written is None:
                append(self._write_new(name, places, angles, indices[len(pieces)]))
            else:
                append(written[0])
                add_angles(gaps(written, angles))
        return pieces

    def _write_new(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...], index: int) -> str:
        """Write what is not a gate, or a gate that is met for the first time."""
        handler = self.handlers.get(name)
        if handler is not None:
            return handler(qubits, params, index)
        problem = self._gate_problem(name, qubits, params, self.num_qubits)
        if problem is not None:
            return self.refuse(name, index, qubits, problem)
        written = self.gates.add(name, qubits, params, self.num_qubits)
        self.angles.extend(gaps(written, params))
        return written[0]

    def _evolution(self, qubits: tuple[int, ...], params: tuple[Any, ...], index: int) -> str:
        """Write a ``pauliexp`` in gates of the format."""
        pieces = []
        try:
            for name, places, angles in evolution(qubits, params):
                for word, on, word_angles in decompose(name, places, angles, self._words):
                    pieces.append(self.gates.pattern(word, len(on), len(word_angles)).on(on))
                    self.angles += word_angles
        except ValueError as error:
            return self.refuse("pauliexp", index, qubits, f"{error}.")
        return "".join(pieces)

    def refuse(self, name: str, index: int, qubits: tuple[int, ...], way_out: str) -> str:
        """Note that an operation cannot be written; return its text, which is empty.

        ``index`` is its place in its block, ``way_out`` says what to do instead, with a full stop.
        """
        self.problems.append(
            unsupported(
                self._input_data_format,
                name,
                index if self.inside is None else self.inside,
                qubits,
                way_out,
                supported=tuple(self._words),
                in_branch=self.inside is not None,
            )
        )
        return ""

    def raise_problems(self, *more: ConversionError) -> None:
        """Raise one error that lists every problem, if there is one.

        Raises:
            ConversionError: There are problems, those given here included.
        """
        if self.problems or more:
            raise all_of([*self.problems, *more])

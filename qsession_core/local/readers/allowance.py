"""What a payload may become: limits that every reader checks before it builds anything.

A payload of some bytes can name a hundred million qubits, or call a gate that stands for a billion others. So that a
reader's time and memory follow the payload's length, each number in it is held against a limit here, and what it
expands to is spent from an allowance.
"""

from __future__ import annotations

from qsession_core.local.readers.circuit import JobFailure

__all__ = ["MAX_DENSE_QUBITS", "MAX_QUBITS", "MAX_RESULTS", "Allowance", "check_widths"]

MAX_QUBITS = 100_000
MAX_RESULTS = 1_000_000
# A gate that is given as a matrix, or as a sum of Pauli terms, has at most this many qubits
MAX_DENSE_QUBITS = 10
# What every payload may expand to, beside one operation for each of its bytes: about a second of reading
_OPERATIONS = 300_000
# All dense matrices of one program: their elements, and what it takes to diagonalize them
_ELEMENTS = 1 << 22
_FLOPS = 1 << 30


def check_widths(input_format: str, num_qubits: int, num_results: int) -> None:
    """Refuse a program that is too wide, before anything is built.

    Raises:
        JobFailure: It is; the message has both numbers.
    """
    for number, limit, what in ((num_qubits, MAX_QUBITS, "qubits"), (num_results, MAX_RESULTS, "results")):
        if number > limit:
            raise JobFailure(
                "InvalidInputData", f"{input_format}: the program has {number} {what}; at most {limit} can be read."
            )


class Allowance:
    """What one payload may still expand to.

    Args:
        input_format: For the messages.
        payload_bytes: The payload's length.
    """

    def __init__(self, input_format: str, payload_bytes: int) -> None:
        self._format = input_format
        self._whole = self._left = _OPERATIONS + payload_bytes
        self._elements, self._flops = _ELEMENTS, _FLOPS

    def spend(self, operations: int) -> None:
        """Take operations that are about to be made.

        Raises:
            JobFailure: There are fewer left.
        """
        self._left -= operations
        if self._left < 0:
            raise JobFailure(
                "InvalidInputData",
                f"{self._format}: the program expands to more than {self._whole} operations, too many for its length.",
            )

    def spend_matrix(self, num_qubits: int, *, is_computed: bool) -> None:
        """Take a dense matrix that is about to be made; a computed one is diagonalized.

        Raises:
            JobFailure: It is too wide, or all matrices together are too large.
        """
        if num_qubits > MAX_DENSE_QUBITS:
            raise JobFailure(
                "InvalidInputData",
                f"{self._format}: a gate that is a matrix has {num_qubits} qubits; at most {MAX_DENSE_QUBITS} can be"
                " read.",
            )
        self._elements -= 4**num_qubits
        self._flops -= 8**num_qubits if is_computed else 0
        if self._elements < 0 or self._flops < 0:
            raise JobFailure(
                "InvalidInputData",
                f"{self._format}: the program has too many gates that are matrices of many qubits; use gates of fewer"
                " qubits, or equal ones.",
            )

"""What keeps a program from being written in a format, said in one way by all formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConversionError, UnboundParameterError, UnsupportedOperationError
from qsession_core.gates import gate

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["nothing_measured", "require_bound", "shape_problem", "unsupported"]


def unsupported(
    input_data_format: str,
    name: str,
    index: int,
    qubits: tuple[int, ...],
    way_out: str,
    *,
    supported: tuple[str, ...],
    in_branch: bool = False,
) -> UnsupportedOperationError:
    """Return the problem of one operation.

    Args:
        input_data_format: The format asked for.
        name: The operation.
        index: Its place in the program; in a branch, the place of the outermost one.
        qubits: Its qubits.
        way_out: What to do instead, with a full stop.
        supported: The words that the format has.
        in_branch: Whether it stands in a branch.
    """
    where = f" on qubits {', '.join(map(str, qubits))}" if qubits else ""
    inside = " (in its branch)" if in_branch and name != "if" else ""
    return UnsupportedOperationError(
        f"Operation {index}{inside}, {name}{where}, cannot be written as {input_data_format}: {way_out}",
        operation=name,
        index=index,
        qubits=qubits,
        format=input_data_format,
        supported=supported,
    )


def nothing_measured() -> ConversionError:
    """Return the problem of a program without a measurement."""
    return ConversionError("The program measures nothing, so there is nothing to return; add a measurement.")


def shape_problem(name: str, qubits: tuple[int, ...], params: tuple[Any, ...], num_qubits: int) -> str | None:
    """Return what is wrong with a gate and its arguments, with the way out; None if it is all right."""
    try:
        word = gate(name)
    except KeyError:
        return "it is no gate that we know; decompose it into standard gates first."
    size = len(qubits)
    if size == word.num_qubits and len(params) == word.num_params and size == len(set(qubits)):
        if size == 0 or (min(qubits) >= 0 and max(qubits) < num_qubits):
            return None
        return f"the program has the qubits 0 to {num_qubits - 1} only; give it more."
    if size != word.num_qubits or len(params) != word.num_params:
        return (
            f"it takes {word.num_qubits} qubits and {word.num_params} angles, "
            f"not {size} and {len(params)}; write it with these."
        )
    return "it acts on one qubit twice; give it different ones."


def require_bound(parameters: Sequence[str], values: Sequence[float]) -> None:
    """Refuse a program whose parameters have not all got a value.

    Raises:
        UnboundParameterError: Some have none, or there are more values than parameters.
    """
    if len(values) == len(parameters):
        return
    if len(values) > len(parameters):
        raise UnboundParameterError(
            f"There are {len(values)} values for {len(parameters)} parameters; give each parameter one value.",
            parameters=tuple(parameters),
        )
    missing = tuple(parameters)[len(values) :]
    raise UnboundParameterError(
        f"These parameters have no value: {', '.join(missing)}. Bind them before the program is sent.",
        parameters=missing,
    )

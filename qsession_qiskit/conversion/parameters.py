"""Parameters without a value: what a program calls them, and what they are for given values.

A Qiskit angle may be any expression of parameters; a program's angle is linear in its own. So each different expression
becomes one parameter of the program, and :meth:`ParametricProgram.values` computes them all for any number of bindings
at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

from qsession_core.errors import ConversionError
from qsession_core.program import Angle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from qsession_core.program import Program

__all__ = ["ParametricProgram", "Symbols", "number"]


def number(value: object) -> float:
    """Return an angle that has a value as exactly that double.

    Raises:
        ConversionError: It is not a real number.
    """
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConversionError(f"the angle {value} is no real number: give it one") from error


class Symbols:
    """Gives each different expression a place among the program's parameters."""

    def __init__(self) -> None:
        self.expressions: list[ParameterExpression] = []
        self._angles: dict[ParameterExpression, Angle] = {}

    def angle(self, value: Any) -> float | Angle:
        """Return a gate's angle as a program has it: a double, or a parameter of the program."""
        if type(value) is float:
            return value
        if not isinstance(value, ParameterExpression) or not value.parameters:
            return number(value)
        known = self._angles.get(value)
        if known is None:
            known = self._angles[value] = Angle.parameter(len(self.expressions))
            self.expressions.append(value)
        return known


@dataclass(frozen=True)
class ParametricProgram:
    """A program with parameters, and how their values follow from those of the circuit.

    Attributes:
        program: The converted circuit.
        parameters: The circuit's parameters, in ``circuit.parameters`` order.
        expressions: What each parameter of the program is, in the program's order.
    """

    program: Program
    parameters: tuple[Parameter, ...]
    expressions: tuple[ParameterExpression, ...]

    def values(self, bindings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the program's parameters.

        Args:
            bindings: Shape (..., n): values of the circuit's parameters, in ``circuit.parameters`` order, in radians
                where they are angles.

        Returns:
            Shape (..., m): a value for each of the program's parameters; an angle that is a parameter alone keeps
            every bit.

        >>> from qiskit.circuit import Parameter, QuantumCircuit
        >>> from qsession_qiskit.conversion.convert import to_parametric
        >>> x, circuit = Parameter("x"), QuantumCircuit(1)
        >>> _ = circuit.rx(x, 0), circuit.rz(2 * x + 1, 0)
        >>> to_parametric(circuit).values(np.array([[0.5], [2.0]])).tolist()
        [[0.5, 2.0], [2.0, 5.0]]
        """
        places = {parameter: place for place, parameter in enumerate(self.parameters)}
        values = np.empty((*bindings.shape[:-1], len(self.expressions)), dtype=np.float64)
        for column, expression in enumerate(self.expressions):
            if isinstance(expression, Parameter):
                values[..., column] = bindings[..., places[expression]]
            else:
                used = [parameter for parameter in self.parameters if parameter in expression.parameters]
                values[..., column] = _evaluated(expression, used, bindings[..., [places[one] for one in used]])
        return values


def _evaluated(
    expression: ParameterExpression, used: Sequence[Parameter], bindings: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Evaluate one expression for every binding of the parameters it uses."""
    slopes = [expression.gradient(parameter) for parameter in used]
    if all(isinstance(slope, int | float) for slope in slopes):
        constant = number(expression.bind(dict.fromkeys(used, 0.0)))
        total = np.full(bindings.shape[:-1], constant)
        for place, slope in enumerate(slopes):
            total += bindings[..., place] * float(slope)
        return total
    rows = bindings.reshape(-1, len(used))
    each = [number(expression.bind(dict(zip(used, row, strict=True)))) for row in rows.tolist()]
    return np.array(each, dtype=np.float64).reshape(bindings.shape[:-1])

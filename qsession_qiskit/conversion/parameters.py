"""Unbound parameters: Qiskit's parameter expressions as parameters of a program, and their values.

A Qiskit angle can be any expression of parameters; a program's angle is linear in the program's parameters. So each
distinct expression becomes one parameter of the program, and :meth:`ParametricProgram.values` computes all of them for
any number of bindings at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
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
    """Return a bound angle as the same double.

    Raises:
        ConversionError: The angle is not a real number.
    """
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConversionError(f"the angle {value} is not a real number: assign it one") from error


class Symbols:
    """The parameters of a program: one for each distinct expression of the circuit's parameters."""

    def __init__(self) -> None:
        self.expressions: list[ParameterExpression] = []
        self._angles: dict[ParameterExpression, Angle] = {}

    def angle(self, value: Any) -> float | Angle:
        """Return a gate's angle for the program: a double if it is bound, else a parameter of the program."""
        if type(value) is float:
            return value
        if not isinstance(value, ParameterExpression) or not value.parameters:
            return number(value)
        try:
            known = self._angles.get(value)
        except OverflowError:  # of Qiskit's hash, where the parameters cancel and a negative number is left
            return number(value.bind(dict.fromkeys(value.parameters, 0.0)))
        if known is None:
            known = self._angles[value] = Angle.parameter(len(self.expressions))
            self.expressions.append(value)
        return known


class ParametricProgram(msgspec.Struct, frozen=True):
    """A program with parameters, and the expressions that compute them from the circuit's parameters.

    Attributes:
        program: The converted circuit.
        parameters: The circuit's parameters, in ``circuit.parameters`` order.
        expressions: The Qiskit expression of each parameter of the program, in the program's order.
    """

    program: Program
    parameters: tuple[Parameter, ...]
    expressions: tuple[ParameterExpression, ...]

    def values(self, bindings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the values of the program's parameters.

        Args:
            bindings: Values of the n parameters of the circuit, shape (..., n), in ``circuit.parameters`` order;
                angles are in radians.

        Returns:
            Values of the m parameters of the program, shape (..., m). An angle that is a single parameter is passed on
            without rounding.

        >>> from qiskit.circuit import Parameter, QuantumCircuit
        >>> from qsession_qiskit.conversion.convert import to_parametric
        >>> x, circuit = Parameter("x"), QuantumCircuit(1)
        >>> _ = circuit.rx(x, 0), circuit.rz(2 * x + 1, 0)
        >>> to_parametric(circuit).values(np.array([[0.5], [2.0]])).tolist()
        [[0.5, 2.0], [2.0, 5.0]]
        """
        index_of = {parameter: index for index, parameter in enumerate(self.parameters)}
        values = np.empty((*bindings.shape[:-1], len(self.expressions)), dtype=np.float64)
        for column, expression in enumerate(self.expressions):
            if isinstance(expression, Parameter):
                values[..., column] = bindings[..., index_of[expression]]
            else:
                used = [parameter for parameter in self.parameters if parameter in expression.parameters]
                values[..., column] = _evaluate(expression, used, bindings[..., [index_of[one] for one in used]])
        return values


def _evaluate(
    expression: ParameterExpression, used: Sequence[Parameter], bindings: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Evaluate one expression for every binding of its parameters; linear expressions for all bindings at once."""
    slopes = [expression.gradient(parameter) for parameter in used]
    if all(isinstance(slope, int | float) for slope in slopes):
        constant = number(expression.bind(dict.fromkeys(used, 0.0)))
        total = np.full(bindings.shape[:-1], constant)
        for index, slope in enumerate(slopes):
            total += bindings[..., index] * float(slope)
        return total
    rows = bindings.reshape(-1, len(used))
    values = [number(expression.bind(dict(zip(used, row, strict=True)))) for row in rows.tolist()]
    return np.array(values, dtype=np.float64).reshape(bindings.shape[:-1])

"""Computes the values of a program's parameters for all resolvers of a sweep.

>>> import cirq, sympy
>>> a, b = sympy.symbols("a b")
>>> resolvers = [cirq.ParamResolver({"a": 1.0, "b": 2.0}), cirq.ParamResolver({"a": 3.0, "b": 4.0})]
>>> values_of((a, a * b + 1), resolvers).tolist()
[[1.0, 3.0], [3.0, 13.0]]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import sympy

from qsession_core.errors import ConversionError, UnboundParameterError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cirq
    from numpy.typing import NDArray

__all__ = ["params_of", "values_of"]


def values_of(expressions: Sequence[sympy.Basic], resolvers: Sequence[cirq.ParamResolver]) -> NDArray[np.float64]:
    """Return the value of each expression for each resolver.

    Args:
        expressions: The expressions of a :class:`Conversion`, in the order of the program's parameters.
        resolvers: One for each point of the sweep.

    Returns:
        Values of shape (len(resolvers), len(expressions)).

    Raises:
        UnboundParameterError: A resolver has no number for a symbol.
        ConversionError: A resolver has a number for a symbol that is not real.
    """
    symbols = sorted({symbol for expression in expressions for symbol in expression.free_symbols}, key=str)
    columns = {symbol: _column(symbol, resolvers) for symbol in symbols}
    values = np.empty((len(resolvers), len(expressions)))
    for place, expression in enumerate(expressions):
        if expression in columns:
            values[:, place] = columns[expression]
        else:
            evaluate = sympy.lambdify(symbols, expression, "numpy")
            with np.errstate(all="ignore"):  # what is not finite is refused where it is sent
                values[:, place] = evaluate(*columns.values())
    return values


def _column(symbol: sympy.Symbol, resolvers: Sequence[cirq.ParamResolver]) -> NDArray[np.float64]:
    """Return the value of one symbol for each resolver."""
    name = symbol.name
    column = np.empty(len(resolvers))
    for place, resolver in enumerate(resolvers):
        value = resolver.param_dict.get(name)
        if type(value) is not float:
            value = resolver.value_of(symbol)
            if isinstance(value, sympy.Basic) and not value.is_number:
                raise UnboundParameterError(
                    f"The circuit's symbol {name!r} has no value; give it one by param_resolver or params.",
                    parameters=(name,),
                )
        try:
            column[place] = float(value)
        except (TypeError, ValueError) as error:
            raise ConversionError(
                f"The value {value} of the circuit's symbol {name!r}, at point {place} of the sweep, is not a real "
                "number; give it one."
            ) from error
    return column


def params_of(resolver: cirq.ParamResolver) -> dict[str, float]:
    """Return the symbols with a number in a resolver, by name; they are sent in the job's metadata."""
    params = {}
    for symbol, value in resolver.param_dict.items():
        number = value
        if type(number) is not float:
            number = resolver.value_of(symbol)
            if not isinstance(number, int | float | sympy.Number):
                continue
        params[str(symbol)] = float(number)
    return params

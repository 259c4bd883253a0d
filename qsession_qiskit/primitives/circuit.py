"""A circuit of a primitive: converted once, encoded once for each measurement, filled in for each binding."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qsession_core.errors import ConversionError
from qsession_core.program import Block
from qsession_qiskit.conversion.convert import to_parametric

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    import numpy as np
    from numpy.typing import NDArray
    from qiskit.circuit import QuantumCircuit

    from qsession_core.client.submitting.encoding import PayloadTemplate
    from qsession_core.formats import Payload
    from qsession_core.program import Program
    from qsession_core.results.result import Register
    from qsession_qiskit.conversion.parameters import ParametricProgram
    from qsession_qiskit.primitives.mode import Mode
    from qsession_qiskit.primitives.options import Options

__all__ = ["Circuit"]


class Circuit:
    """A circuit of a run: converted once, and encoded once for each measurement that follows it."""

    def __init__(self, circuit: QuantumCircuit, mode: Mode, options: Options) -> None:
        self.circuit = circuit
        self.mode = mode
        self.options = options
        self.input_data_format = mode.backend.wanted_format(options.input_data_format)
        self.keep: AbstractSet[str] = mode.backend.encoding.kept(self.input_data_format)
        self.parametric: ParametricProgram = to_parametric(circuit, keep=self.keep)

    @property
    def name(self) -> str:
        """The name of its jobs."""
        return self.options.job_name or str(self.circuit.name)

    def gateset(self) -> str | None:
        """Return the gate set it is encoded in; None for the target's choice."""
        return self.mode.backend.encoding.gateset_of(self.parametric.program, self.input_data_format)

    def template(self, shots: int, more: Block | None = None, registers: Sequence[Register] = ()) -> PayloadTemplate:
        """Encode it.

        Args:
            shots: At least 1.
            more: Operations after its own; None for none.
            registers: Classical registers after its own; their bits follow its own.

        Raises:
            ConversionError: It cannot be sent as it is; every problem is listed.
        """
        try:
            return self._encoded(shots, more, registers)
        except ConversionError:
            if not self.keep:
                raise
            # the other formats need gates where the first has one word
            self.keep = frozenset()
            self.parametric = to_parametric(self.circuit, keep=self.keep)
            return self._encoded(shots, more, registers)

    def _encoded(self, shots: int, more: Block | None, registers: Sequence[Register]) -> PayloadTemplate:
        program = self.parametric.program
        if more is not None:
            program = _followed_by(program, more, registers)
        return self.mode.backend.azure_target.template(
            program,
            shots=shots,
            input_params=self.mode.backend.joined_params(
                self.options.input_params, allow_unknown=self.options.allow_unknown
            ),
            allow_unknown=self.options.allow_unknown,
            input_data_format=self.input_data_format,
            gateset=self.gateset(),
        )

    def payloads(self, template: PayloadTemplate, bindings: NDArray[np.float64]) -> list[Payload]:
        """Fill bindings in.

        Args:
            template: The encoded circuit.
            bindings: Values in the order of ``circuit.parameters``, shape (n, parameters).

        Returns:
            n payloads.
        """
        return [template.bind(values) for values in self.parametric.values(bindings).tolist()]


def _followed_by(program: Program, more: Block, registers: Sequence[Register]) -> Program:
    body = program.body
    return replace(
        program,
        num_clbits=program.num_clbits + sum(len(register.clbits) for register in registers),
        body=Block(body.names + more.names, body.qubits + more.qubits, body.params + more.params),
        registers=(*program.registers, *registers),
    )

"""Converts ``qiskit.QuantumCircuit`` to :class:`qsession_core.program.Program`."""

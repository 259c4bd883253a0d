"""Converts ``cirq.Circuit`` to :class:`qsession_core.program.Program`, and results to Cirq's records."""

"""IonQ's native gates for Qiskit's transpiler."""

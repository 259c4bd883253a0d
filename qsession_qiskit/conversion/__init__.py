"""QuantumCircuit to Program."""

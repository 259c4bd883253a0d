"""Results: counts, shots, registers."""

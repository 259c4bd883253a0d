"""cirq.Circuit to Program."""

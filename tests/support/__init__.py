"""What tests share: the judges, a client of the wire, circuits, recordings, clocks."""

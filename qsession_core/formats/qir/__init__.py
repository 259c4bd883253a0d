"""QIR as text: Base, Adaptive_RI and Adaptive_RIF."""

"""The gates that programs are made of: matrices, decompositions, controlled forms."""

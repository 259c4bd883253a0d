"""QIR, read in two steps: our own grammar by a fast reader, everything else by LLVM."""

"""Programs as texts: which language they are in, where they are read from, and what compiles them."""

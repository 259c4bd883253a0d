"""The state vector of the built-in simulator: gates compiled into steps, and what steps do to amplitudes."""

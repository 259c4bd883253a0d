"""Runs one job: from its input's bytes to its output's bytes."""

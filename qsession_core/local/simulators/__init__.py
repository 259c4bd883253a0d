"""Simulators, and which of them runs a job."""

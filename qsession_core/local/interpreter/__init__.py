"""Carries out programs with functions and branches, and counts their gates."""

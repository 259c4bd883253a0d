"""Readers of the input formats; they share nothing with the writers of `qsession_core.formats`."""

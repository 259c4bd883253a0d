"""The command ``qsession``: one file a group of commands in ``groups/``, and what they share here.

Modules here load click and little else, so that ``qsession --help`` is fast; what a command needs is loaded when it
runs.
"""

from qsession_core.command.main import main

__all__ = ["main"]

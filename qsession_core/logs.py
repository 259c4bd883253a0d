"""One tree of loggers for all three packages, below ``qsession``.

A module logs under its own name: ``qsession_core.client.job`` under ``qsession.client.job``, ``qsession_qiskit.job``
under ``qsession.qiskit.job``. One line turns everything on: ``logging.getLogger("qsession").setLevel(logging.DEBUG)``.
"""

from __future__ import annotations

import logging
from typing import Final

__all__ = ["ROOT", "logger"]

ROOT: Final = "qsession"


def logger(module: str) -> logging.Logger:
    """Return the logger of a module.

    >>> logger("qsession_core.client.job").name
    'qsession.client.job'
    """
    parts = module.removeprefix("qsession_core.").removeprefix("qsession_").split(".")
    return logging.getLogger(".".join([ROOT, *parts]))

"""Processes of our own for work that may take long, take much memory, or end the process it runs in.

>>> from qsession_core.processes import WorkerPool
>>> pool = WorkerPool(1, seconds=60)
>>> pool.submit(divmod, 7, 2).result()
(3, 1)
>>> pool.shutdown()
"""

from qsession_core.processes.pool import (
    Lane,
    WorkerDiedError,
    WorkerPool,
    WorkGivenBackError,
    WorkTimedOutError,
)

__all__ = ["Lane", "WorkGivenBackError", "WorkTimedOutError", "WorkerDiedError", "WorkerPool"]

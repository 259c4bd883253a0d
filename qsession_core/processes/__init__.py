"""Processes of our own for work that may take long, take much memory, or end the process it runs in.

>>> from qsession_core.processes.pool import WorkerPool
>>> pool = WorkerPool(1, seconds=60)
>>> pool.submit(divmod, 7, 2).result()
(3, 1)
>>> pool.shutdown()
"""

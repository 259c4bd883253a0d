"""Whether a state fits into memory."""

from __future__ import annotations

import os

from qsession_core.local.readers.circuit import JobFailure

__all__ = ["check_memory", "how_many_fit", "worker_bytes"]

# States up to this many bytes fit anywhere, so the machine is not asked
_ALWAYS_FITS = 1 << 24
# States of branches that wait while one goes on, and that one
_KEPT = 4


def check_memory(num_qubits: int, bytes_per_amplitude: int, limit: int = 0) -> None:
    """Refuse a state that does not fit into memory, before it is made.

    Args:
        num_qubits: The state's width.
        bytes_per_amplitude: Bytes for each of 2**num_qubits amplitudes; 0 for none at all.
        limit: Bytes that may be taken; 0 for nine tenths of what the machine has free.

    Raises:
        JobFailure: It does not fit.
    """
    needed = bytes_per_amplitude << min(num_qubits, 4096)
    if needed <= (limit or _ALWAYS_FITS):
        return
    available = limit or _available_bytes()
    if needed > available:
        shown = f"{needed / 2**30:.1f} GiB" if num_qubits < 60 else "more"  # noqa: PLR2004 - beyond an exbibyte
        raise JobFailure(
            "InvalidInputData",
            f"Simulating {num_qubits} qubits takes {shown} of memory; {available / 2**30:.1f} GiB are there."
            " Use fewer qubits, or Clifford gates only.",
        )


def how_many_fit(num_qubits: int, bytes_per_amplitude: int, limit: int = 0) -> int:
    """Return how many simulations fit into memory side by side, each with the few states that its branches keep.

    Args:
        num_qubits: The width of each.
        bytes_per_amplitude: As for :func:`check_memory`.
        limit: As for :func:`check_memory`.
    """
    needed = _KEPT * bytes_per_amplitude << min(num_qubits, 4096)
    return max(1, (limit or _available_bytes()) // max(1, needed))


def worker_bytes() -> int:
    """Return how much memory one worker process may take: three quarters of what the machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    except (ValueError, OSError, AttributeError):  # the system does not tell: no limit
        return 0


def _available_bytes() -> int:
    """Return how many bytes a simulation may take where nobody has set a limit."""
    return int(0.9 * _free_bytes())


def _free_bytes() -> int:
    """Return how many bytes of memory the machine has free."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 - a device, not a file of ours
            for line in file:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        return 8 << 30

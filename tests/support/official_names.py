"""The public names of the official client: found in the installed package, beside what we say of each."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

# The official client's classes whose members programs use -> our class
CLASSES = {
    "azure.quantum.Workspace": "qsession_core.Workspace",
    "azure.quantum.job.Job": "qsession_core.Job",
    "azure.quantum.job.Session": "qsession_core.Session",
    "azure.quantum.target.Target": "qsession_core.Target",
    "azure.quantum.qiskit.AzureQuantumProvider": "qsession_qiskit.AzureQuantumProvider",
    "azure.quantum.qiskit.backends.backend.AzureBackendBase": "qsession_qiskit.AzureQuantumBackend",
    "azure.quantum.qiskit.job.AzureQuantumJob": "qsession_qiskit.AzureQuantumJob",
    "azure.quantum.cirq.AzureQuantumService": "qsession_cirq.AzureQuantumService",
    "azure.quantum.cirq.job.Job": "qsession_cirq.Job",
    "azure.quantum.cirq.targets.Target": "qsession_cirq.Target",
}


def _imported(module: str) -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def _is_public(module: str) -> bool:
    return not any(part.startswith("_") for part in module.split("."))


def _home(value: object) -> str:
    return getattr(value, "__module__", None) or ""


def official_names() -> list[str]:
    """Return the public classes and functions of the installed official client, and the members of :data:`CLASSES`.

    A class or function is named by the module that defines it, or that exports it if the other is private.
    """
    root = _imported("azure.quantum")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the official client imports packages that have new names
        walked = pkgutil.walk_packages(root.__path__, "azure.quantum.")
        modules = ["azure.quantum", *(module.name for module in walked if _is_public(module.name))]
    names: dict[int, str] = {}
    for module in modules:
        for name, value in vars(_imported(module)).items():
            is_own = _home(value).startswith("azure.quantum") and (inspect.isclass(value) or inspect.isfunction(value))
            if not is_own or name.startswith("_"):
                continue
            private = not _is_public(_home(value))
            if _home(value) == module or (private and module == "azure.quantum"):
                names.setdefault(id(value), f"{module}.{value.__name__}")
    found = sorted(set(names.values()))
    return found + sorted(f"{path}.{member}" for path in CLASSES for member in members_of(resolved(path)))


def members_of(kind: type) -> list[str]:
    """Return the public members that a class of the official client defines, its own base classes' too."""
    own = [base for base in kind.__mro__ if _home(base).startswith("azure.quantum")]
    return sorted({name for base in own for name in vars(base) if not name.startswith("_")})


def resolved(path: str) -> object:
    """Return what a dotted path names: a module's member, or a member of that."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        try:
            value: object = _imported(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            value = getattr(value, part)
        return value
    raise ModuleNotFoundError(path)

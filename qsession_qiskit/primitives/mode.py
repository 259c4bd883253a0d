"""Where a primitive runs: on a backend, or in a session of one."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

import msgspec

from qsession_core.client.session import Session as AzureSession
from qsession_core.client.session import session_of_block
from qsession_core.errors import ConfigurationError
from qsession_qiskit.backend import AzureQuantumBackend
from qsession_qiskit.primitives.options import Options, options_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_qiskit.session import Session

    ModeLike: TypeAlias = AzureQuantumBackend | AzureSession | Session

__all__ = ["Mode", "Primitive", "current_session", "mode_of"]

T = TypeVar("T", bound=Options)

# The session with IBM Runtime's words whose block is running; a primitive that is made without a mode uses it
current_session: ContextVar[Session | None] = ContextVar("current_session", default=None)


class Mode(msgspec.Struct, frozen=True):
    """Where a primitive runs.

    Attributes:
        backend: The backend.
        session: The session that every job joins; None for the backend's open session at the time of a run, if any.
    """

    backend: AzureQuantumBackend
    session: AzureSession | None = None


def mode_of(mode: ModeLike | None) -> Mode:
    """Return the mode of a backend or of a session; without either, of the session whose block is running.

    Raises:
        ConfigurationError: It is neither, or there is none.
    """
    from qsession_qiskit.session import Session

    if mode is None:
        around, session = current_session.get(), session_of_block()
        mode = around if around is not None and around.azure_session is session else session
        if mode is None:
            raise ConfigurationError(
                "A primitive needs a mode: pass a backend or a session, or make it inside the block of a session, "
                "`with backend.open_session()` or `with Session(backend=...)`."
            )
    if isinstance(mode, AzureQuantumBackend):
        return Mode(mode)
    if isinstance(mode, Session):
        return Mode(mode.backend(), mode.azure_session)
    if isinstance(mode, AzureSession):
        return Mode(AzureQuantumBackend(mode.workspace.get_target(mode.target)), mode)
    raise ConfigurationError(
        f"A {type(mode).__name__} is not a mode. Pass a backend of AzureQuantumProvider, or a session of one."
    )


class Primitive(Generic[T]):
    """Base of both primitives.

    Attributes:
        OPTIONS: The class of its options.
    """

    OPTIONS: type[T]
    _mode: Mode
    _options: T

    @property
    def options(self) -> T:
        """The options of every run; may be changed, or replaced by others or by a mapping."""
        return self._options

    @options.setter
    def options(self, given: T | Mapping[str, Any] | None) -> None:
        self._options = options_of(self.OPTIONS, given)

    @property
    def mode(self) -> AzureQuantumBackend | AzureSession:
        """The session or backend that it runs on."""
        return self._mode.session or self._mode.backend

    def backend(self) -> AzureQuantumBackend:
        """Return the backend that it runs on."""
        return self._mode.backend

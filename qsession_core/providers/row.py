"""What a provider's row says, and how the row of a provider is found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qsession_core import plugins
from qsession_core.errors import PluginError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.formats import Format

__all__ = ["DEFAULT_SHOTS", "Provider", "TargetRow", "find"]

DEFAULT_SHOTS = 500  # as every backend of the official client


@dataclass(frozen=True, slots=True)
class TargetRow:
    """What is known of a target. What the workspace itself says wins over it.

    Attributes:
        name: Its id, such as ``"ionq.simulator"``.
        num_qubits: How many qubits a program may have.
        profile: Its QIR profile; empty where it takes no QIR.
        max_shots: The most shots of one job; None for no known limit.
        is_simulator: Whether no hardware is behind it.
    """

    name: str
    num_qubits: int
    profile: str = "Base"
    max_shots: int | None = None
    is_simulator: bool = False


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider's row.

    Attributes:
        id: Its id on the service, in lower case.
        formats: What a program is encoded in, the default first; the next ones where the default cannot hold it.
        raw_format: What data that the caller has encoded is taken for, if nobody says.
        targets: Its known targets.
        gatesets: Gate set -> the format that writes it; empty where there is only one.
        input_params: The names its targets take in ``inputParams`` besides ``shots``, with what they do.
        hold_seconds: How long a session keeps the hardware without a new job; None where it does not.
    """

    id: str
    formats: tuple[Format, ...]
    raw_format: str
    targets: tuple[TargetRow, ...] = ()
    gatesets: Mapping[str, Format] = field(default_factory=dict)
    input_params: Mapping[str, str] = field(default_factory=dict)
    hold_seconds: float | None = None

    def target(self, name: str) -> TargetRow | None:
        """Return the row of a target of this provider, if it has one."""
        return next((row for row in self.targets if row.name == name), None)


def find(provider_id: str) -> Provider:
    """Return the row of a provider; that of the generic one where nobody brings it.

    Raises:
        PluginError: There is one, and it cannot be loaded.
    """
    if provider_id not in plugins.names(plugins.PROVIDERS):
        from qsession_core.providers.generic import PROVIDER

        return PROVIDER
    provider = plugins.load(plugins.PROVIDERS, provider_id)
    if not isinstance(provider, Provider):
        raise PluginError(
            f"The plugin {provider_id!r} of {plugins.PROVIDERS} is a {type(provider).__name__}, not a Provider.",
            group=plugins.PROVIDERS,
            name=provider_id,
            problem="not a Provider",
        )
    return provider

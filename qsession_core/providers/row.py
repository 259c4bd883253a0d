"""The row that describes a provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qsession_core.keywords import unknown_keywords

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qsession_core.catalog import KnownTarget
    from qsession_core.formats import Format

__all__ = ["DEFAULT_SHOTS", "Provider"]

DEFAULT_SHOTS = 500  # as every backend of the official client


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: the formats and options of its targets, and the targets that are known.

    Attributes:
        id: Its id on the service, in lower case.
        formats: What programs are encoded in: the first that can hold the program is taken.
        raw_format: The input data format of data that the caller has encoded, unless the caller names another.
        targets: Its known targets.
        gatesets: Gate set -> the format that writes it; empty if there is only one gate set.
        input_params: The names its targets take in ``inputParams`` besides ``shots``, with their values and meaning.
    """

    id: str
    formats: tuple[Format, ...]
    raw_format: str
    targets: tuple[KnownTarget, ...] = ()
    gatesets: Mapping[str, Format] = field(default_factory=dict)
    input_params: Mapping[str, str] = field(default_factory=dict)

    def join_params(
        self, function: str, keywords: Iterable[str], given: Mapping[str, Any] | None, options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return ``inputParams`` with the options of a call added under the provider's own names; options win.

        Args:
            function: The function that was called, for the error.
            keywords: Its own keywords, for the error.
            given: The ``inputParams`` that were given whole.
            options: Its other keyword arguments; ``_`` may stand for ``-``, as in ``error_model``.

        Raises:
            TypeError: The provider has no such option; the sentence names a similar one.
        """
        names = {name.replace("-", "_"): name for name in self.input_params} | {
            name: name for name in self.input_params
        }
        unknown = [option for option in options if option not in names]
        if unknown:
            raise unknown_keywords(function, unknown, [*keywords, *self.input_params])
        return {**(given or {}), **{names[option]: value for option, value in options.items()}}

    def target(self, name: str) -> KnownTarget | None:
        """Return what is known of a target of this provider; None if nothing is."""
        return next((target for target in self.targets if target.name == name), None)

"""The row that describes a provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qsession_core.keywords import unknown_keywords
from qsession_core.providers.options import COMMON, DEFAULT_SHOTS, Option, plain_params, problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from qsession_core.catalog import KnownTarget
    from qsession_core.formats import Format

__all__ = ["DEFAULT_SHOTS", "Option", "Provider"]


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider: the formats and options of its targets, and the targets that are known.

    Attributes:
        id: Its id on the service, in lower case.
        formats: What programs are encoded in: the first that can hold the program is taken.
        raw_format: The input data format of data that the caller has encoded, unless the caller names another.
        targets: Its known targets.
        gatesets: Gate set -> the format that writes it; empty if there is only one gate set.
        input_params: What its targets take in ``inputParams`` besides what every target takes.
        unstated_shots: How often a job runs that names no shots, as the provider's documentation says; None if it does
            not say.
        unstated_noisy_shots: The same of a job with a noise model; None for no other number.
    """

    id: str
    formats: tuple[Format, ...]
    raw_format: str
    targets: tuple[KnownTarget, ...] = ()
    gatesets: Mapping[str, Format] = field(default_factory=dict)
    input_params: Mapping[str, Option] = field(default_factory=dict)
    unstated_shots: int | None = None
    unstated_noisy_shots: int | None = None

    def option_problems(self, given: Mapping[str, Any], *, allow_unknown: bool = False) -> list[str]:
        """Return a sentence for each of a caller's ``inputParams`` that is unknown or has an impossible value.

        Of a provider without a row nothing is known, so that only the common options are checked.

        Args:
            given: What the caller wrote.
            allow_unknown: Let names and values through that the row does not know.
        """
        options = {**COMMON, **self.input_params}
        return list(problems(given, options, allow_unknown=allow_unknown or not self.id))

    def shots_of_silent(self, input_params: Mapping[str, Any]) -> int | None:
        """Return how many shots a job runs that names none; None if the provider does not say."""
        if input_params.get("noise") is not None and self.unstated_noisy_shots is not None:
            return self.unstated_noisy_shots
        return self.unstated_shots

    def join_params(
        self,
        function: str,
        keywords: Iterable[str],
        given: Mapping[str, Any] | None,
        options: Mapping[str, Any],
        *,
        allow_unknown: bool = False,
    ) -> dict[str, Any]:
        """Return ``inputParams`` with the options of a call added under the provider's own names; options win.

        Args:
            function: The function that was called, for the error.
            keywords: Its own keywords, for the error.
            given: The ``inputParams`` that were given whole.
            options: Its other keyword arguments; ``_`` may stand for ``-``, as in ``error_model``.
            allow_unknown: Let options through, under the name that they have here, that the row does not know.

        Raises:
            TypeError: The provider has no such option; the sentence names a similar one.
        """
        names = {name.replace("-", "_"): name for name in self.input_params} | {
            name: name for name in self.input_params
        }
        unknown = [option for option in options if option not in names]
        if unknown and not allow_unknown:
            raise unknown_keywords(function, unknown, [*keywords, *self.input_params])
        return {**plain_params(given), **{names.get(option, option): value for option, value in options.items()}}

    def target(self, name: str) -> KnownTarget | None:
        """Return what is known of a target of this provider; None if nothing is."""
        return next((target for target in self.targets if target.name == name), None)

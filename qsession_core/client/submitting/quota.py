"""What the workspace's quotas leave, beside what a job is estimated to use.

A quota counts in a dimension of the bill (docs/protocol.md 4.5): ``hqc`` and ``ehqc`` are the units of Quantinuum's
prices; ``qgs`` of IonQ counts one-qubit gates and ten times the two-qubit gates, each times the shots.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qsession_core.errors import BudgetExceededError, ConfigurationError, QSessionError
from qsession_core.keywords import near
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from qsession_core.client.service.models import Quota
    from qsession_core.client.submitting.cost import Quote
    from qsession_core.clock import Clock

__all__ = ["POLICIES", "QuotaGuard", "QuotaLeft"]

_log = logger(__name__)

POLICIES = ("ignore", "warn", "refuse")
_FRESH_SECONDS = 60.0
_GATES = "qgs"
_PAIR_WEIGHT = 10  # a two-qubit gate in qgs


@dataclass(frozen=True, slots=True)
class QuotaLeft:
    """What is left of a quota.

    Attributes:
        dimension: What it counts, such as ``"hqc"``.
        left: The limit without what is used and held; below 0 if more is used.
        limit: The limit.
        used: What is used.
        scope: ``"Workspace"`` or ``"Subscription"``.
        period: After which it starts again: ``"Monthly"``, or ``"None"``.
    """

    dimension: str
    left: float
    limit: float
    used: float
    scope: str
    period: str


class QuotaGuard:
    """Compares estimates with a workspace's quotas, which are asked for once a minute at most.

    Attributes:
        policy: What happens to a job whose estimate exceeds them when it is submitted: ``"ignore"`` (nothing is asked),
            ``"warn"`` or ``"refuse"``.
    """

    def __init__(self, fetch: Callable[[], list[Quota]], clock: Clock) -> None:
        """Ask for quotas by a function.

        Args:
            fetch: Returns the workspace's quotas.
            clock: Says how old an answer is.
        """
        self._fetch = fetch
        self._clock = clock
        self._policy = "ignore"
        self._known: list[Quota] = []
        self._known_at: float | None = None
        self._sent: dict[str, float] = {}  # what was submitted since, by dimension

    @property
    def policy(self) -> str:
        """See the class."""
        return self._policy

    @policy.setter
    def policy(self, policy: str) -> None:
        if policy not in POLICIES:
            raise ConfigurationError(f"The quota policy is {policy!r}. {near(str(policy), POLICIES)}")
        self._policy = policy

    def left(self, provider_id: str) -> list[QuotaLeft]:
        """Return what is left of each quota of a provider.

        Raises:
            ServiceError: The service refused.
            TransportError: No answer came.
        """
        now = self._clock.monotonic()
        if self._known_at is None or not 0 <= now - self._known_at < _FRESH_SECONDS:
            self._known, self._known_at, self._sent = self._fetch(), now, {}
        return [
            QuotaLeft(
                quota.dimension or "",
                quota.limit - used - (quota.holds or 0.0),
                quota.limit,
                used,
                quota.scope or "",
                quota.period or "",
            )
            for quota in self._known
            if quota.limit is not None and (quota.provider_id or "").lower() == provider_id.lower()
            for used in [(quota.utilization or 0.0) + self._sent.get((quota.dimension or "").lower(), 0.0)]
        ]

    def exceeded(self, quote: Quote, provider_id: str) -> list[tuple[str, QuotaLeft, float]]:
        """Return a sentence for each quota that an estimate exceeds, with the quota and what is asked of it.

        Raises:
            ServiceError: The service refused.
            TransportError: No answer came.
        """
        asked = dict(_by_dimension(quote))
        return [
            (_sentence(left, wanted), left, wanted)
            for left in self.left(provider_id)
            for wanted in [asked.get(left.dimension.lower(), 0.0)]
            if wanted > left.left and wanted > 0
        ]

    def warnings(self, quote: Quote, provider_id: str) -> tuple[str, ...]:
        """Return a sentence for each quota that an estimate exceeds; none where the service does not tell quotas."""
        if not quote.amount:
            return ()
        try:
            return tuple(sentence for sentence, _, _ in self.exceeded(quote, provider_id))
        except QSessionError as error:
            _log.debug("the quotas are not known: %s", error)
            return ()

    def admit(self, quotes: Sequence[Quote], provider_id: str, target: str) -> None:
        """Act by the policy before jobs are submitted.

        Raises:
            BudgetExceededError: The policy is to refuse, and together they exceed a quota.
        """
        together = quotes[0].sum_of(quotes)
        for sentence, left, asked in self.exceeded(together, provider_id):
            if self.policy == "refuse":
                raise BudgetExceededError(
                    f"{sentence} {target} was sent nothing. Ask for a larger quota, or set workspace.quotas.policy.",
                    what=left.dimension,
                    asked=asked,
                    limit=left.left,
                )
            _log.warning("%s: %s", target, sentence)
        for dimension, asked in _by_dimension(together):
            self._sent[dimension] = self._sent.get(dimension, 0.0) + asked


def _sentence(left: QuotaLeft, asked: float) -> str:
    where = f"{left.scope or 'unknown scope'}, period {left.period or 'unknown'}"
    return f"The estimate is {asked:g} {left.dimension}; the quota leaves {left.left:g} of {left.limit:g} ({where})."


def _by_dimension(quote: Quote) -> Iterator[tuple[str, float]]:
    """Yield what an estimate asks of each dimension."""
    yield quote.unit.lower(), quote.amount
    parts = quote.parts or (quote,)
    yield _GATES, float(sum(part.shots * (part.counts.one + _PAIR_WEIGHT * part.counts.two) for part in parts))

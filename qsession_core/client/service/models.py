"""Jobs, sessions, targets and quotas as the service describes them; unknown members are kept.

Times come in several forms, ``metadata`` may be null, and members may be missing. Source: docs/protocol.md 4.1.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from qsession_core.decoding import read_json
from qsession_core.errors import TransportError
from qsession_core.logs import logger
from qsession_core.transport import without_secrets

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterator, KeysView, ValuesView

__all__ = [
    "UNREADABLE",
    "Attachment",
    "CostEstimate",
    "CostEvent",
    "ErrorData",
    "JobDetails",
    "Page",
    "ProviderStatus",
    "Quota",
    "SessionDetails",
    "TargetStatus",
    "item_id",
    "job_details",
    "row",
    "session_details",
]


_log = logger(__name__)
_RAW = "raw"  # the member that has the record as the service wrote it
UNREADABLE = (ValueError, RecursionError)  # what msgspec raises for bad JSON: of a wrong type, not UTF-8, nested deep


class _Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A record of the service: its members are attributes, and are read as those of a dict too.

    A key is the service's name (``"providerId"``) or ours (``"provider_id"``).
    """

    def __getitem__(self, key: str) -> Any:
        """Return a member.

        Raises:
            KeyError: There is none of this name.
        """
        members = self.as_dict()
        if key in members:
            return members[key]
        if key in self.__struct_fields__ and key != _RAW:
            return getattr(self, key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return key in self.as_dict() or (key in self.__struct_fields__ and key != _RAW)

    def __iter__(self) -> Iterator[str]:
        return iter(self.as_dict())

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member; ``default`` if there is none of this name."""
        return self[key] if key in self else default  # noqa: SIM401 - this is what get does

    def keys(self) -> KeysView[str]:
        """Return the service's names of the members that it has written."""
        return self.as_dict().keys()

    def values(self) -> ValuesView[Any]:
        """Return the members that the service has written."""
        return self.as_dict().values()

    def items(self) -> ItemsView[str, Any]:
        """Return the members that the service has written, with its names."""
        return self.as_dict().items()

    def as_dict(self) -> dict[str, Any]:
        """Return the members by the service's names: as it wrote them, else those that are not None."""
        raw = getattr(self, _RAW, b"")
        if raw:
            try:
                return read_json(raw, dict[str, Any])
            except UNREADABLE:
                _log.debug("a record cannot be read whole")
        found: dict[str, Any] = msgspec.to_builtins(self)
        return {name: value for name, value in found.items() if value is not None and name != _RAW}


class ErrorData(_Record, frozen=True, kw_only=True, rename="camel"):
    """Why a job failed. Code and message show no signature of an address, since errors and tables show them.

    Attributes:
        target: What the error is about, such as a member of the job.
        details: The errors that led to this one.
        innererror: More about it, each inner error more specific: ``{"code": ..., "innererror": {...}}``.
    """

    code: str | None = None
    message: str | None = None
    target: str | None = None
    details: list[ErrorData] | None = None
    innererror: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        for name, text in (("code", self.code), ("message", self.message)):
            if text:
                msgspec.structs.force_setattr(self, name, without_secrets(text))


class CostEvent(_Record, frozen=True, kw_only=True, rename="camel"):
    """One line of a bill."""

    dimension_id: str | None = None
    dimension_name: str | None = None
    measure_unit: str | None = None
    amount_billed: float | None = None
    amount_consumed: float | None = None
    unit_price: float | None = None


class CostEstimate(_Record, frozen=True, kw_only=True, rename="camel"):
    """A bill; sums are in ``currency_code``."""

    currency_code: str | None = None
    events: list[CostEvent] | None = None
    estimated_total: float | None = None


class _Item(_Record, frozen=True, kw_only=True, rename="camel"):
    id: str = ""
    name: str = ""
    provider_id: str | None = None
    target: str = ""
    item_type: str | None = None
    status: str = ""
    priority: str | None = None
    tags: list[str] | None = None
    creation_time: datetime | None = None
    last_modified_time: datetime | None = None
    last_updated_time: datetime | None = None
    begin_execution_time: datetime | None = None
    end_execution_time: datetime | None = None
    created_by: str | None = None
    created_by_type: str | None = None
    last_modified_by: str | None = None
    last_modified_by_type: str | None = None
    cost_estimate: CostEstimate | None = None
    error_data: ErrorData | None = None
    usage: dict[str, Any] | None = None
    raw: bytes = b""  # as the service wrote it

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return what rich shows: no addresses, which carry signatures."""
        return [("id", self.id), ("name", self.name), ("status", self.status)]

    @property
    def extra(self) -> dict[str, Any]:
        """The members that are not listed above, by the service's names."""
        try:
            members = read_json(self.raw or b"{}", dict[str, Any])
        except UNREADABLE:
            return {}
        return {name: value for name, value in members.items() if name not in self.__struct_encode_fields__}


class JobDetails(_Item, frozen=True, kw_only=True, rename="camel"):
    """A job as the service tells it; ``shots`` and what follows it, from api-version 2026-08-01-preview on.

    >>> from qsession_core import Program, Workspace
    >>> flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> target = Workspace.local(seed=7).get_target("ionq.simulator")
    >>> details = target.submit(flip, shots=10).details
    >>> details.input_data_format, details.input_params
    ('ionq.circuit.v1', {'shots': 10})
    """

    job_type: str | None = None
    session_id: str | None = None
    container_uri: str | None = None
    input_data_uri: str | None = None
    input_data_format: str = ""
    output_data_uri: str | None = None
    output_data_format: str | None = None
    input_params: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    cancellation_time: datetime | None = None
    quantum_computing_data: dict[str, Any] | None = None
    shots: int | None = None
    resume_count: int | None = None
    shots_succeeded: int | None = None
    shots_failed: int | None = None
    shots_translated: int | None = None

    def __repr__(self) -> str:  # its addresses carry signatures
        return f"<JobDetails {self.id} {self.name!r} {self.status}>"


class SessionDetails(_Item, frozen=True, kw_only=True, rename="camel"):
    """A session as the service describes it.

    >>> from qsession_core import Program, Workspace
    >>> flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))], name="flip")
    >>> target = Workspace.local(seed=7).get_target("ionq.simulator")
    >>> with target.open_session(name="sweep") as session:
    ...     session.details.job_failure_policy
    'Abort'
    """

    job_failure_policy: str | None = None

    def __repr__(self) -> str:
        return f"<SessionDetails {self.id} {self.name!r} {self.status}>"


class TargetStatus(_Record, frozen=True, kw_only=True, rename="camel"):
    """A target as the service describes it; queue times in seconds."""

    id: str
    current_availability: str | None = None
    average_queue_time: float | None = None
    average_queue_time_high_priority: float | None = None
    average_queue_time_standard_priority: float | None = None
    status_page: str | None = None
    num_qubits: int | None = None
    target_profile: str | None = None
    metadata: dict[str, Any] | None = None


class ProviderStatus(_Record, frozen=True, kw_only=True, rename="camel"):
    """A provider and its targets as the service describes them."""

    id: str
    current_availability: str | None = None
    targets: list[TargetStatus] = []


class Quota(_Record, frozen=True, kw_only=True, rename="camel"):
    """How much of a dimension a workspace or subscription may use and has used."""

    dimension: str | None = None
    scope: str | None = None
    provider_id: str | None = None
    utilization: float | None = None
    holds: float | None = None
    limit: float | None = None
    period: str | None = None


class Attachment(_Record, frozen=True, kw_only=True, rename="camel"):
    """A blob in a job's container.

    Attributes:
        name: Its name.
        size: Its bytes.
        content_type: The type of its content.
    """

    name: str
    size: int
    content_type: str


class Page(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One page of a list; its members are parsed later, each by its own type."""

    value: list[msgspec.Raw]
    next_link: str | None = None


def job_details(raw: bytes) -> JobDetails:
    """Parse a job; unknown members are under ``extra``.

    Raises:
        TransportError: It is not a job.
    """
    return _read(raw, JobDetails)


def session_details(raw: bytes) -> SessionDetails:
    """Parse a session; unknown members are under ``extra``; raises as :func:`job_details`."""
    return _read(raw, SessionDetails)


def row(raw: bytes | msgspec.Raw, kind: type[S]) -> S | None:
    """Parse a row of a list, such as a provider. Members that cannot be read are left out and logged, in its parts too.

    Returns:
        None if not even what every row has can be read; that is logged too.
    """
    try:
        return read_json(raw, kind)
    except UNREADABLE as error:
        problem: Exception = error
    try:
        return kind(**_readable_members(raw, kind))
    except (TypeError, *UNREADABLE) as error:  # TypeError: a member that must be there is not
        _log.warning("a %s was left out: %s; %s", kind.__name__, problem, error)
        return None


S = TypeVar("S", bound=msgspec.Struct)
D = TypeVar("D", bound=_Item)


def _read(raw: bytes, kind: type[D]) -> D:
    try:
        details = read_json(raw, kind)
    except UNREADABLE as error:
        try:
            details = kind(**_readable_members(raw, kind))
        except UNREADABLE:
            raise TransportError(
                f"What came as a {kind.__name__} cannot be read: {error}. Something between here and the service may "
                "have cut or replaced it; try again."
            ) from error
    if not details.id:
        raise TransportError(
            f"What came as a {kind.__name__} has no id. Something between here and the service may have replaced it; "
            "try again."
        )
    return msgspec.structs.replace(details, raw=raw)


def _readable_members(raw: bytes | msgspec.Raw, kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return those members of a record that have their type; the others are left out and logged.

    Raises:
        ValueError, RecursionError: It is no record.
    """
    members = read_json(raw, dict[str, msgspec.Raw])
    readable: dict[str, Any] = {}
    for member in msgspec.structs.fields(kind):
        value = members.get(member.encode_name)
        if value is None or member.name == "raw":
            continue
        try:
            readable[member.name] = read_json(value, member.type)
        except UNREADABLE as problem:
            if member.name == "error_data" and bytes(value).startswith(b'"'):
                readable[member.name] = ErrorData(message=bytes(value).decode("utf-8", "replace").strip('"'))
            elif member.type == list[TargetStatus]:
                readable[member.name] = _rows_in(value, TargetStatus)
            _log.warning("%s %s: %s was left out: %s", kind.__name__, readable.get("id"), member.encode_name, problem)
    return readable


def _rows_in(raw: msgspec.Raw, kind: type[S]) -> list[S]:
    """Return the rows of a list within a row that can be read."""
    try:
        rows = read_json(raw, list[msgspec.Raw])
    except UNREADABLE:
        return []
    return [found for found in (row(one, kind) for one in rows) if found is not None]


class _Id(msgspec.Struct):
    id: str = ""


def item_id(raw: bytes | msgspec.Raw) -> str:
    """Return the id of a job or session in a list; empty if the record has none that can be read."""
    try:
        return read_json(raw, _Id).id
    except UNREADABLE:
        return ""

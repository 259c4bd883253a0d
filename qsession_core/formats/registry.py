"""Formats by their names on the wire: ours and those of other packages, by the entry points ``qsession.formats``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core import plugins
from qsession_core.decoding import read_json
from qsession_core.errors import ConfigurationError, ResultFormatError
from qsession_core.formats.interface import MICROSOFT_V2, InputFormat, Payload
from qsession_core.formats.reading.malformed import unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qsession_core.formats.interface import JobFacts
    from qsession_core.results.result import Result

__all__ = ["as_is", "decode", "input_format", "width_in"]


def input_format(name: str) -> InputFormat:
    """Return an input data format; for an unknown one, one with Microsoft's results.

    Raises:
        PluginError: The format of this name cannot be loaded.
    """
    if name not in plugins.names(plugins.FORMATS):
        return InputFormat(name, MICROSOFT_V2, "application/octet-stream")
    return plugins.load_as(plugins.FORMATS, name, InputFormat)


def as_is(
    data: Mapping[str, Any] | str | bytes, input_data_format: str, *, output_data_format: str | None = None
) -> Payload:
    """Return a payload of what the caller has encoded: a mapping as JSON, a text as UTF-8, bytes as they are.

    Raises:
        ConfigurationError: The mapping has a value that JSON cannot represent.
    """
    found = input_format(input_data_format)
    if isinstance(data, str):
        data = data.encode()
    elif not isinstance(data, bytes):
        try:
            data = msgspec.json.encode(data)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"input_data cannot be written as JSON: {error}. Use plain dicts, lists, texts and numbers."
            ) from error
    output = output_data_format or found.output_data_format
    width = width_in(data, found)
    metadata = {"num_qubits": str(width)} if width and found.content_type == _JSON else {}
    return Payload(data, found.content_type, found.name, output, metadata=metadata, num_qubits=width)


_JSON = "application/json"
_REQUIRED = re.compile(rb'"(?:required_num_qubits|num_required_qubits)"\s*=\s*"([0-9]{1,6})"')


class _Sized(msgspec.Struct):
    qubits: int | None = None


def width_in(data: bytes, found: InputFormat) -> int:
    """Return how many qubits a program says that it needs; 0 if it does not say.

    Results in IonQ's format list the qubits that came out 1, and no more, so that their width travels with the job.
    """
    if found.name == "qir.v1":
        return max((int(number) for number in _REQUIRED.findall(data)), default=0)
    if found.content_type != _JSON:
        return 0
    try:
        width = read_json(data, _Sized).qubits
    except (msgspec.MsgspecError, RecursionError):  # the service refuses it with a sentence of its own
        return 0
    return width if width is not None and width > 0 else 0


def decode(output_data_format: str, data: bytes, facts: JobFacts) -> list[Result]:
    """Read a result.

    Args:
        output_data_format: The job's, such as ``"microsoft.quantum-results.v2"``.
        data: The bytes of its result.
        facts: What the service stores about the job.

    Returns:
        One result for each program of the job, in the job's order.

    Raises:
        ResultFormatError: There is no decoder for this format, or the bytes are not what it says.
        PluginError: The decoder cannot be loaded.
    """
    installed = plugins.names(plugins.FORMATS)
    decoder = plugins.load(plugins.FORMATS, output_data_format) if output_data_format in installed else None
    if not callable(decoder):
        problem = f"no decoder for it; the installed formats are: {', '.join(installed)}"
        raise ResultFormatError(
            f"The result of job {facts.job_id} is in format {output_data_format!r}: {problem}. "
            "Its bytes are in job.download_results().",
            format=output_data_format,
            problem=problem,
            job_id=facts.job_id,
        )
    with unreadable(output_data_format, facts):
        if not data.isascii():
            data.decode()  # the JSON reader checks only the texts that it needs
        results: list[Result] = decoder(data, facts)
        if not results:
            raise ValueError("its decoder returned no result")
    return results

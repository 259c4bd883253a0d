"""What the caller has already encoded: a dict, a text, bytes, or an object that writes itself as QIR (Q# by qdk)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from qsession_core.errors import ConfigurationError
from qsession_core.formats import ionq, microsoft, openqasm2, pasqal, rigetti
from qsession_core.formats.interface import Payload
from qsession_core.formats.qir import module as qir

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["as_is", "from_qir_object", "output_format_of"]

# input data format -> (its output data format, how its blob is labelled)
_KNOWN = {
    ionq.INPUT: (ionq.OUTPUT, "application/json"),
    qir.INPUT: (qir.OUTPUT, qir.INPUT),
    openqasm2.INPUT: (openqasm2.OUTPUT, "application/qasm"),
    rigetti.INPUT: (rigetti.OUTPUT, "text/plain"),
    pasqal.INPUT: (pasqal.OUTPUT, "application/json"),
}


def output_format_of(input_data_format: str) -> str:
    """Return the output data format that belongs to an input data format; Microsoft's results for unknown ones."""
    return _KNOWN.get(input_data_format, (microsoft.V2, ""))[0]


def as_is(
    data: Mapping[str, Any] | str | bytes, input_data_format: str, *, output_data_format: str | None = None
) -> Payload:
    """Make a payload of what the caller has encoded: a mapping as JSON, a text as UTF-8, bytes as they are.

    Raises:
        ConfigurationError: The mapping holds something that JSON does not know.
    """
    output, content_type = _KNOWN.get(input_data_format, (microsoft.V2, "application/octet-stream"))
    if isinstance(data, str):
        data = data.encode()
    elif not isinstance(data, bytes):
        try:
            data = msgspec.json.encode(data)
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"input_data cannot be written as JSON: {error}. Use plain dicts, lists, texts and numbers."
            ) from error
    return Payload(data, content_type, input_data_format, output_data_format or output)


def from_qir_object(source: Any, target: str, profile: str) -> Payload:
    """Make a payload of an object with ``_repr_qir_``, such as what ``qsharp.compile`` returns."""
    written = source._repr_qir_(target=target)
    data = written.encode() if isinstance(written, str) else bytes(written)
    params = {"entryPoint": qir.ENTRY_POINT, "arguments": [], "target_profile": profile}
    return Payload(data, qir.INPUT, qir.INPUT, qir.OUTPUT, params)

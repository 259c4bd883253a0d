"""From a program that is a text already to a payload: sent as it is, compiled, or refused before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qsession_core.errors import ProgramTextError
from qsession_core.formats.qir.module import INPUT as QIR
from qsession_core.formats.qir.module import from_qir
from qsession_core.formats.registry import as_is
from qsession_core.sources.compiling import compiled
from qsession_core.sources.languages import JSON, LANGUAGES, OPENQASM_2, OPENQASM_3, PULSER, json_problem

if TYPE_CHECKING:
    from collections.abc import Collection

    from qsession_core.catalog import KnownTarget
    from qsession_core.formats import Payload
    from qsession_core.providers.row import Provider
    from qsession_core.sources.files import Source

__all__ = ["payload_of_text"]

_COMPILED = (OPENQASM_2, OPENQASM_3)


def payload_of_text(
    source: Source, provider: Provider, target: KnownTarget, input_data_format: str | None = None
) -> Payload:
    """Return the payload of a text.

    Args:
        source: The text.
        provider: The target's provider: what it takes is sent as it is.
        target: The target. OpenQASM that it does not take is compiled to QIR of its profile, if it takes that.
        input_data_format: The format that the caller names; a text in no known language is then sent in it.

    Raises:
        ConversionError: It is no program, or none that this target takes, or cannot be compiled.
    """
    language, asked = source.language, input_data_format
    own = language.input_data_format if language is not None else ""
    takes = {provider.raw_format, *(format_.input_data_format for format_ in provider.formats)}
    raw = asked or (own if own in takes else provider.raw_format)
    if language in _COMPILED and own != raw and QIR in (takes if asked is None else {asked}):
        folder = source.path.parent if source.path is not None else None
        return from_qir(compiled(source.text, target.profile, folder=folder), target.profile)
    is_told = asked is not None and language in {None, JSON}  # the caller knows better
    is_known = raw in {other.input_data_format for other in LANGUAGES}
    is_pulses = language is JSON and raw == PULSER.input_data_format
    if own == raw or is_told or is_pulses or not is_known:
        return as_is(source.data, raw)
    if language is None:
        raise _unknown(source)
    wanted = _titles(takes, is_circuits=bool(provider.formats))
    raise ProgramTextError(
        f"This is {language.title}; {target.name} takes {', '.join(wanted)}. {language.way_out}".rstrip(),
        language=language.name,
    )


def _titles(takes: Collection[str], *, is_circuits: bool) -> list[str]:
    """Return what a target takes that takes these formats, by the names of languages."""
    found = [language.title for language in LANGUAGES if language.input_data_format in takes]
    found += [language.title for language in _COMPILED if QIR in takes and language.title not in found]
    return found + (["circuits"] if is_circuits else [])


def _unknown(source: Source) -> ProgramTextError:
    """Return the error for a text in no language that is known."""
    what = f"The file {str(source.path)!r}" if source.path is not None else "This text"
    broken = json_problem(source.text)
    if broken is not None:
        problem, line, column = broken
        return ProgramTextError(
            f"{what} is no JSON: line {line}, column {column}: {problem}.", line=line, column=column, language=JSON.name
        )
    known = ", ".join(language.title for language in LANGUAGES if language.input_data_format or language is OPENQASM_3)
    start = source.text.strip()[:40] or source.data[:40]
    return ProgramTextError(
        f"{what} is no program that is known here ({known}). It begins with {start!r}. If it is one, name its format: "
        "input_data_format='...'."
    )

"""Programs in files: whatever language they are in, as what a target can encode."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from qsession_core.command.completing import target_names
from qsession_core.errors import ConfigurationError, ConversionError, ProgramTextError
from qsession_core.extras import install

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from qsession_core.client.target import Target
    from qsession_core.formats import Payload
    from qsession_core.sources.files import Source

__all__ = ["FileProgram", "encoded_programs", "located", "of_program", "parameters_of"]

_INPUT = "-"  # standard input
_NAME = "qsession-job"


class FileProgram(msgspec.Struct, frozen=True):
    """A program of a file.

    Attributes:
        name: What its job is called by default.
        title: The language that it is in, such as ``"OpenQASM 2"``.
        input_data: What the target encodes.
    """

    name: str
    title: str
    input_data: object


def of_program(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what describes a program and its target."""
    options = (
        click.argument("file", type=click.Path(allow_dash=True)),
        click.option(
            "--target", required=True, metavar="NAME", help="Where it is to run.", shell_complete=target_names
        ),
        click.option("--shots", metavar="N", type=int, help="How often it runs; by default 500."),
        click.option("--format", "input_data_format", metavar="FORMAT", help="The format of the file, such as qir.v1."),
        click.option("--param", "params", multiple=True, metavar="NAME=VALUE", help="One of the job's inputParams."),
        click.option("--entry", metavar="CALL", default="", help="What of a Q# file is called, such as Bell.Run()."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def encoded_programs(
    file: str,
    target: Target,
    shots: int | None,
    input_data_format: str | None,
    params: Mapping[str, Any],
    entry: str,
) -> list[tuple[FileProgram, Payload]]:
    """Return the programs of a file with their payloads.

    Raises:
        ConversionError: One cannot be sent as it is; every problem of the file is listed, with its line.
    """
    problems: list[ConversionError] = []
    found: list[tuple[FileProgram, Payload]] = []
    try:
        programs = _programs_in(file, target, input_data_format=input_data_format, entry=entry)
    except ConversionError as error:
        raise located(file, error.problems or (error,)) from error
    for program in programs:
        try:
            payload = target.encode(
                program.input_data, shots=shots, input_data_format=input_data_format, input_params=params or None
            )
        except ConversionError as error:
            problems += error.problems or (error,)
        else:
            found.append((program, payload))
    if problems:
        raise located(file, problems)
    return found


def located(file: str, problems: Sequence[ConversionError]) -> ConversionError:
    """Return one error with a line for each problem, as compilers write them: ``file:line:column: sentence``."""
    lines = []
    for problem in problems:
        line, column = getattr(problem, "line", None), getattr(problem, "column", None)
        place = f":{line}" + (f":{column}" if column else "") if line else ""
        sentence = problem.message.removeprefix(f"line {line}, column {column}: ").removeprefix(f"line {line}: ")
        lines.append(f"{file}{place}: {sentence}")
    number = f"{len(lines)} problems keep" if len(lines) > 1 else "a problem keeps"
    return ConversionError("\n".join([f"{number} this program from being sent:", *lines]), problems=tuple(problems))


def parameters_of(pairs: Sequence[str]) -> dict[str, Any]:
    """Return inputParams; a value that is JSON is read as such, any other is text."""
    import json

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{pair!r} is not NAME=VALUE.", param_hint="--param")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _programs_in(file: str, target: Target, *, input_data_format: str | None, entry: str) -> list[FileProgram]:
    """Return the programs of a file: several if it holds several circuits.

    Args:
        file: The path; ``-`` for standard input.
        target: Where they are to run; Q# is compiled for its profile.
        input_data_format: The format of the file, if it is encoded already; nothing is converted then.
        entry: What of a Q# program is called.

    Raises:
        ConversionError: It cannot be read.
        ConfigurationError: The package that reads it is not installed.
    """
    from qsession_core.client.service.blobs import MAX_BYTES
    from qsession_core.sources.files import source_of
    from qsession_core.sources.languages import CIRQ, QPY, QSHARP

    given: bytes | Path = sys.stdin.buffer.read(MAX_BYTES + 1) if file == _INPUT else Path(file)
    if given == b"":
        raise ProgramTextError("Standard input is empty; there is no program in it.")
    source = source_of(given, most_bytes=MAX_BYTES)
    name = source.name or _NAME
    language = source.language
    title = language.title if language is not None else "an unknown language"
    if input_data_format is not None or language not in {CIRQ, QPY, QSHARP}:
        return [FileProgram(name, title, source.data if source.path is None else source.path)]
    if language is QSHARP:
        from qsession_core.sources.compiling import compiled_qsharp

        return [FileProgram(name, title, compiled_qsharp(source.text, target.target_profile, entry=entry))]
    read = _cirq if language is CIRQ else _qpy
    circuits = read(source)
    return [FileProgram(str(getattr(circuit, "name", "") or name), title, circuit) for circuit in circuits]


def _cirq(source: Source) -> list[object]:
    try:
        import cirq
    except ImportError as error:
        raise ConfigurationError(
            f"Circuits of Cirq are read by Cirq, which is not installed: {install('cirq')}."
        ) from error
    return [_read(lambda: cirq.read_json(json_text=source.text), "Cirq")]


def _qpy(source: Source) -> list[object]:
    import io

    try:
        from qiskit import qpy
    except ImportError as error:
        raise ConfigurationError(f"QPY is read by Qiskit, which is not installed: {install('qiskit')}.") from error
    circuits: list[object] = list(_read(lambda: qpy.load(io.BytesIO(source.data)), "Qiskit"))  # type: ignore[call-overload]
    if not circuits:
        raise ConversionError("The file holds no circuit.")
    return circuits


def _read(read: Callable[[], object], reader: str) -> object:
    """Return what another package reads; whatever it raises over a damaged file is one error of ours."""
    try:
        return read()
    except Exception as error:
        reason = re.split(r"\\n|\n", str(error))[0].strip("\"': ")
        raise ProgramTextError(f"{reader} cannot read the file: {reason or type(error).__name__}.") from error

"""Writing a profile into the configuration: line by line, so that comments and other profiles stay as they are."""

from __future__ import annotations

import json
import os
import re
import tomllib
from typing import TYPE_CHECKING, Any

from qsession_core.errors import ConfigurationError
from qsession_core.places import config_file
from qsession_core.profiles import parse_profiles, read_configuration

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["write_profile"]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_profile(name: str, members: Mapping[str, str]) -> Path:
    """Set members of a profile in the configuration, which is made if there is none.

    Args:
        name: The profile's name.
        members: Member -> value; an empty value removes the member.

    Returns:
        The path of the configuration.

    Raises:
        ConfigurationError: The profile would not be one, or the file is not written as we would write it; nothing was
            changed.
    """
    path = config_file()
    text = read_configuration()
    parse_profiles(text)
    wanted = tomllib.loads(text)
    table: dict[str, Any] = wanted.setdefault("profile", {}).setdefault(name, {})
    for member, value in members.items():
        table.pop(member, None)
        table.update({member: value} if value else {})
    edited = _edited(text, name, members)
    try:
        is_as_wanted = tomllib.loads(edited) == wanted
    except tomllib.TOMLDecodeError:
        is_as_wanted = False
    if not is_as_wanted:
        raise ConfigurationError(f"{path} is written in a form that cannot be changed from here; edit it by hand.")
    parse_profiles(edited)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(edited, encoding="utf-8")
    part.chmod(0o600)
    part.replace(path)
    return path


def _edited(text: str, name: str, members: Mapping[str, str]) -> str:
    key = name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
    header = re.compile(rf"\s*\[\s*profile\s*\.\s*(?:{re.escape(key)}|\"{re.escape(name)}\")\s*\]\s*(?:#.*)?")
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if header.fullmatch(line)), None)
    if start is None:
        lines += ["", f"[profile.{key}]"] if lines else [f"[profile.{key}]"]
        start = len(lines) - 1
    end = next(
        (number for number in range(start + 1, len(lines)) if lines[number].lstrip().startswith("[")), len(lines)
    )
    body = lines[start + 1 : end]
    for member, value in members.items():
        line = [f"{member} = {json.dumps(value, ensure_ascii=False)}"] if value else []
        at = next((number for number, old in enumerate(body) if re.match(rf"\s*{re.escape(member)}\s*=", old)), None)
        if at is None:
            at = max((number for number, old in enumerate(body, 1) if old.strip()), default=0)
            body[at:at] = line
        else:
            body[at : at + 1] = line
    return "\n".join([*lines[: start + 1], *body, *lines[end:]]) + "\n"

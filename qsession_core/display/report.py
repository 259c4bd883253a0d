"""Displays of notebooks as one file of HTML that needs no network."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from qsession_core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["write_report"]

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 2rem auto; max-width: 48rem; padding: 0 1rem; font-family: sans-serif; }}
section {{ margin: 1rem 0; }}
</style>
</head>
<body>
"""


def write_report(path: Path, title: str, parts: Iterable[str]) -> Path:
    """Write a report and return its path.

    Args:
        path: Of the file.
        title: Of the page.
        parts: HTML, as :mod:`~qsession_core.display.notebook` makes it.

    Raises:
        ConfigurationError: The file cannot be written.
    """
    body = "".join(f"<section>{part}</section>\n" for part in parts)
    text = _HEAD.format(title=html.escape(title)) + body + "</body>\n</html>\n"
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise ConfigurationError(f"The report cannot be written to {path}: {error.strerror}.") from error
    return path

"""Texts that must stay as they are, in files: ``GOLDEN=write`` writes them anew, to be read by a person."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def same_as(path: Path, text: str) -> bool:
    """Whether a file holds a text; with ``GOLDEN=write`` it is written and does."""
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} differs; GOLDEN=write writes it anew"
    return True

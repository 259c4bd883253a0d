"""Which tests belong to what has changed: ``python -m tests.support.changed`` prints their paths for `make quick`.

With paths of files behind it, from the root, it takes these for what has changed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
_SOURCES = (".py", ".js", ".css", ".html", ".svg")


def changed_files() -> list[str]:
    """Return the files that differ from the last commit, new ones too; those of the last commit where none do."""
    edited = _git("diff", "--name-only", "HEAD") + _git("ls-files", "--others", "--exclude-standard")
    return edited or _git("diff", "--name-only", "HEAD~1", "HEAD")


def tests_of(changed: list[str]) -> list[str]:
    """Return the test files of changed files, as paths from the root, sorted.

    A module's tests are those in the folder that mirrors its own, or in the nearest one above it. A module that has no
    folder, and a helper of the tests, has the tests that import it.
    """
    found: set[Path] = set()
    for name in changed:
        parts = Path(name).with_suffix("").parts
        match parts:
            case ("tests", "support", *_):
                found |= _importing("tests.support import " + parts[-1]) | _importing(".".join(parts))
            case ("tests", *_) if parts[-1].startswith("test_"):
                found |= {ROOT / name}
            case ("tests", *_) | ("docs" | "README" | "CHANGELOG" | "CONTRIBUTING", *_):
                found |= {TESTS / "test_documents.py"}
            case ("examples", *_):
                found |= set((TESTS / "examples").glob("test_*.py"))
            case ("qsession_core" | "qsession_qiskit" | "qsession_cirq", *_) if name.endswith(_SOURCES):
                found |= _mirrored(parts) or _importing(".".join(parts))
    return sorted(str(path.relative_to(ROOT)) for path in found if path.exists())


def _mirrored(parts: tuple[str, ...]) -> set[Path]:
    """Return the tests in the folder that mirrors a module's own, or in the nearest one above it."""
    package, *below = parts[:-1]
    top = TESTS if package == "qsession_core" else TESTS / package.removeprefix("qsession_")
    folder = top.joinpath(*below)
    while folder not in {TESTS, TESTS.parent}:
        tests = set(folder.glob("test_*.py"))
        if tests:
            return tests
        folder = folder.parent
    return set(TESTS.glob(f"test_{parts[-1]}.py"))


def _importing(text: str) -> set[Path]:
    return {path for path in TESTS.rglob("test_*.py") if text in path.read_text(encoding="utf-8")}


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.splitlines()


if __name__ == "__main__":
    missing = [name for name in sys.argv[1:] if Path(name).is_absolute() or not (ROOT / name).is_file()]
    if missing:
        sys.exit(f"no file from the root: {', '.join(missing)}")
    sys.stdout.write("\n".join(tests_of(sys.argv[1:] or changed_files())) or "tests/test_lazy.py")

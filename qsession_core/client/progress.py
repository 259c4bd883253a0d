"""Progress of what waits: a bar, or a function of the caller's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

from qsession_core.errors import ConfigurationError
from qsession_core.extras import install

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Progress", "bytes_told", "told"]

# True for a bar; else called with how many are done, and of how many
Progress: TypeAlias = bool | Callable[[int, int], object]


@contextmanager
def told(progress: Progress, total: int, unit: str = "job") -> Iterator[Callable[[int], object]]:
    """Yield what takes how many are done.

    Args:
        progress: True shows a bar by tqdm, which knows terminals and notebooks; False shows nothing; a function is
            called as ``progress(done, total)``, the first time before anything is done.
        total: Of how many.
        unit: What they are.

    Raises:
        ConfigurationError: It is True, and tqdm is not installed; or it is something else.
    """
    if callable(progress):
        function = progress
        function(0, total)
        yield lambda done: function(done, total)
        return
    if not isinstance(progress, bool):
        raise ConfigurationError(f"progress is {progress!r}; pass True, or a function of two numbers: done and total.")
    if not progress:
        yield lambda _: None
        return
    with _tqdm()(total=total, unit=unit) as bar:
        yield lambda done: bar.update(done - bar.n)


@contextmanager
def bytes_told(progress: Progress) -> Iterator[Callable[[int, int], object] | None]:
    """Yield what takes how many bytes are through, and of how many; None if nobody wants to know.

    Args:
        progress: As for :func:`told`; a bar appears with the first bytes of a transfer that is large.

    Raises:
        ConfigurationError: As :func:`told`.
    """
    if callable(progress) or progress is False:
        yield progress or None
        return
    if progress is not True:
        raise ConfigurationError(f"progress is {progress!r}; pass True, or a function of two numbers: done and total.")
    with ExitStack() as open_bars:
        bars: list[Any] = []
        make = _tqdm()

        def tell(done: int, total: int) -> None:
            if not bars:
                bars.append(open_bars.enter_context(make(total=total, unit="B", unit_scale=True)))
            bars[0].update(done - bars[0].n)

        yield tell


def _tqdm() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ConfigurationError(f"A progress bar needs tqdm: {install('notebook')}, or pass a function.") from error
    return tqdm

"""Pictures of every view of the page, to look at: ``python -m tests.support.screenshots``.

They go to ``build/screenshots``, in light and dark, for a desk, a phone and 200 %; three of them to ``docs``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qsession_core import Workspace
from qsession_core.local import ManualClock
from qsession_core.local.http_server import Server
from qsession_core.page import Page
from qsession_core.page.mount import Mounted, reader_of
from tests.support import browser
from tests.support.page_workspace import NOON, with_work

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "overview": "", "sessions": "sessions", "session": "sessions/{vqe}", "jobs": "jobs", "targets": "targets",
    "failures": "jobs?state=Failed", "job": "jobs/{job}", "many-outcomes": "jobs/{long}", "failed": "jobs/{failed}",
    "costs": "costs", "lab": "lab",
}  # fmt: skip
# width, height, scale
SIZES = {"desk": (1280, 900, 1), "phone": (390, 844, 2), "double": (640, 450, 2)}
TALLEST = 4000
IN_DOCS = {"page-overview": ("", 424), "page-job": ("jobs/{job}", 600), "page-jobs": ("jobs?tag=paper", 400)}


def main() -> None:
    """Make them."""
    if problem := browser.missing():
        sys.exit(f"No screenshots: {problem}.")
    folder = ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with Workspace.local(seed=7, clock=ManualClock(NOON)) as workspace:
        ids, service = with_work(workspace), workspace.service
        page = Page(reader_of(service), "key", lab=service, connection=lambda endpoint: {"Endpoint": endpoint})
        with Server(Mounted(service, page)) as server, browser.opened() as seen:
            seen.open(f"{server.endpoint}_/#key=key")
            seen.reads("Open sessions")

            def picture(path: str, file: Path, **how) -> None:
                seen.show(**how)
                seen.open(f"{server.endpoint}_/{path.format(**ids)}")
                seen.wait(lambda: seen.all("main h1"), f"{path} is not drawn")
                seen.driver.save_screenshot(str(file))

            for size, (width, height, scale) in SIZES.items():
                for dark in (False, True):
                    for name, path in PAGES.items():
                        seen.show(width=width, height=height, scale=scale, dark=dark)
                        seen.open(f"{server.endpoint}_/{path.format(**ids)}")
                        seen.wait(lambda: seen.all("main h1"), f"{path} is not drawn")
                        tall = min(TALLEST, seen.script("return document.documentElement.scrollHeight"))
                        shown = folder / f"{name}-{size}-{'dark' if dark else 'light'}.png"
                        picture(path, shown, width=width, height=max(height, tall), scale=scale, dark=dark)
            for name, (path, height) in IN_DOCS.items():
                picture(path, ROOT / "docs" / f"{name}.png", width=1120, height=height)
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()

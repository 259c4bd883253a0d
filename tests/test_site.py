"""The documentation as a site: made without a warning, and every link within it leads somewhere."""

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import qsession_cirq
import qsession_core
import qsession_qiskit

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]


class _Page(HTMLParser):
    """The links and the anchors of a page, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors, self.loads = [], set(), []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.anchors |= {found.get("id"), found.get("name")}
        if tag == "a":
            self.links.append(found.get("href") or "")
        elif tag in {"script", "img", "iframe"}:
            self.loads.append(found.get("src") or "")
        elif tag == "link" and found.get("rel") in {"stylesheet", "preload"}:
            self.loads.append(found.get("href") or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-W", "--keep-going", ROOT / "docs", folder]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return {path.relative_to(folder): _Page(path) for path in folder.rglob("*.html")}, folder


def test_every_link_within_the_site_leads_somewhere(site):
    pages, folder = site
    lost = []
    for name, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (folder / name).parent / unquote(parts.path) if parts.path else folder / name
            target = target.resolve()
            known = pages.get(target.relative_to(folder.resolve())) if target.suffix == ".html" else None
            is_there = target.exists() and (
                known is None or not parts.fragment or unquote(parts.fragment) in known.anchors
            )
            if not is_there:
                lost.append((str(name), link))
    assert lost == []


def test_the_site_loads_nothing_from_elsewhere(site):
    assert {load for page in site[0].values() for load in page.loads if urlsplit(load).netloc} == set()


def test_every_public_name_has_its_place_in_the_reference(site):
    for package in (qsession_core, qsession_qiskit, qsession_cirq):
        page = site[0][Path("api") / f"{package.__name__.removeprefix('qsession_')}.html"]
        names = {
            name for name in package.__all__ if getattr(getattr(package, name), "__module__", "").startswith("qsession")
        }
        assert {name for name in names if f"{package.__name__}.{name}" not in page.anchors} == set()

"""A real browser for tests of the page: Chromium, driven by selenium; and checks of what people with aids need."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Browser", "Keys", "missing", "opened"]

_PATIENCE_SECONDS = 15
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-component-update",
    "--disable-background-networking", "--disable-sync", "--hide-scrollbars", "--disable-dev-shm-usage",
)  # fmt: skip
# roles of elements that people operate: each needs a name
_OPERATED = {"link", "button", "textbox", "searchbox", "combobox", "Date", "spinbutton", "checkbox", "image", "img"}
_HINDRANCES = Path(__file__).with_name("hindrances.js").read_text(encoding="utf-8")


def missing() -> str:
    """Return why there is no browser here; empty if there is one."""
    absent = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"there is no {' and no '.join(absent)} here: apt-get install chromium chromium-driver" if absent else ""


@contextmanager
def opened() -> Iterator[Browser]:
    """Open a browser of its own, without a profile, and close it after the block."""
    options = Options()
    options.binary_location = shutil.which("chromium") or ""
    for flag in _FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()


class Browser:
    """A browser window, by what a person sees and does."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def show(self, *, dark: bool = False, width: int = 1280, height: int = 900, scale: float = 1, calm: bool = False):
        """Give the window a size, and the system a scheme of colours and less motion."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"},
        ]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})

    def open(self, address: str) -> None:
        self.driver.get("about:blank")  # else an address that differs in its fragment loads nothing
        self.driver.get(address)

    def script(self, text: str, *arguments: object) -> Any:
        return self.driver.execute_script(text, *arguments)

    def wait(self, holds: Callable[[], Any], why: str) -> Any:
        """Return what a condition returns once it holds."""
        return WebDriverWait(self.driver, _PATIENCE_SECONDS, 0.05).until(lambda _: holds(), why)

    @property
    def text(self) -> str:
        return self.script("return document.body.innerText")

    @property
    def path(self) -> str:
        return self.script("return location.pathname + location.search + location.hash")

    def reads(self, *words: str) -> None:
        """Wait until the page has these words."""
        self.wait(lambda: all(word in self.text for word in words), f"the page never read {words}")

    def reads_no(self, word: str) -> None:
        """Wait until the page does not have this word."""
        self.wait(lambda: word not in self.text, f"the page still reads {word}")

    def goes_to(self, path: str) -> None:
        self.wait(lambda: self.path == path, f"the address never was {path}")

    def all(self, selector: str):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def click(self, text: str, selector: str = "a, button, summary") -> None:
        """Click what has this text."""

        def clicked() -> bool:
            return self.script(
                "const found = [...document.querySelectorAll(arguments[0])].reverse()"
                ".find((one) => one.textContent.trim() === arguments[1]); if (found) found.click(); return !!found",
                selector,
                text,
            )

        self.wait(clicked, f"there is no {text!r} to click")

    def press(self, *keys: str) -> None:
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    @property
    def focused(self) -> str:
        """What a person with a screen reader hears of the element in focus: its text or label."""
        return self.script(
            "const one = document.activeElement; return one.getAttribute('aria-label') || one.textContent.trim()"
        )

    def complaints(self) -> list[str]:
        """Return what the console has complained of since the last call."""
        return [f"{entry['level']}: {entry['message']}" for entry in self.driver.get_log("browser")]

    def hindrances(self) -> list[str]:
        """Return what hinders people with a screen reader or weak eyes on this page."""
        found: list[str] = self.script(_HINDRANCES)
        nodes = self.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        shown = [node for node in nodes if not node.get("ignored")]
        roles = [node["role"]["value"] for node in shown]
        found += [
            f"{node['role']['value']} without a name"
            for node in shown
            if node["role"]["value"] in _OPERATED and not node.get("name", {}).get("value", "").strip()
        ]
        found += [f"{roles.count(role)} of {role}" for role in ("main", "banner") if roles.count(role) != 1]
        found += [f"no {role}" for role in ("navigation", "heading") if role not in roles]
        return found

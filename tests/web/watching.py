"""A page in Chromium with what goes wrong on it, and how a person uses it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, expect

PATIENCE = 20_000
"""Milliseconds that an answer may take on a busy machine."""
LOCAL_SCHEMES = ("data", "blob")
CUT_OFF = re.compile("AbortError|signal is aborted|Connection errored out")
"""What Gradio says of an event that was under way when its page was left."""

expect.set_options(timeout=PATIENCE)


@dataclass
class Watched:
    """A page with what went wrong on it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("console", lambda each: self.errors.append(each.text) if each.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        url = urlsplit(request.url)
        if url.scheme not in LOCAL_SCHEMES and url.hostname != "127.0.0.1":
            self.elsewhere.append(request.url)

    def reload(self) -> None:
        """Load the page again."""
        self.page.reload()
        self.has_left()

    def has_left(self) -> None:
        """The page was left: that what it was fetching is cut off is no error."""
        self.errors[:] = [each for each in self.errors if not CUT_OFF.search(each)]

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def upload(self, place: str, *files: Path) -> None:
        with self.page.expect_response(lambda response: "/upload?" in response.url):
            self.page.locator(f"#{place} input[type=file]").set_input_files(list(files))
        remove = self.page.locator(f"#{place}").get_by_role("button", name=re.compile("^(Remove|Clear)"))
        expect(remove.first).to_be_visible(timeout=PATIENCE)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Until something outside of the page is true."""
        for _ in range(PATIENCE // 100):
            if true():
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("it did not become true")

    def barriers(self) -> list[str]:
        """What axe-core finds serious (WCAG): names of controls, contrast, roles, the order of headings."""
        # Colors in the middle of a transition have contrasts that nobody ever reads at.
        still = "* { transition: none !important; animation: none !important; }"
        self.page.add_style_tag(content=still)
        return [
            f"{each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
            for each in Axe().run(self.page).response["violations"]
            if each["impact"] in ("serious", "critical")
        ]

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        found = self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        return int(found)


def heading(watched: Watched, words: str) -> None:
    expect(watched.page.get_by_role("heading", name=words)).to_be_visible(timeout=PATIENCE)

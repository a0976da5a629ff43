"""Make the pictures of the page in docs/ anew: ``python docs/screenshots.py [chromium]``.

Starts the page with an empty gallery, enrolls the two public-domain faces (Eileen Collins, NASA; Grace
Hopper, US Navy), and takes a picture of every tab, light and dark. Settings come from FACENET_APP_*
variables as always.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).parent
WIDTH, HEIGHT = 1200, 900
PATIENCE = 120_000
"""Milliseconds that an answer may take on a busy machine."""
COLORS = 256
"""A palette keeps a picture under 300 KB, and the page has few colors besides the photos."""


def main() -> None:
    """Start the page, take the pictures, end the page."""
    chromium = sys.argv[1] if len(sys.argv) > 1 else "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "FACENET_APP_GALLERY": str(Path(folder) / "gallery.db"),
            "FACENET_APP_RUNS": str(Path(folder) / "runs"),
            "FACENET_APP_PORT": "0",
        }
        command = [sys.executable, str(DOCS.parent / "app.py")]
        with subprocess.Popen(  # noqa: S603 - our own program
            command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True
        ) as process:
            try:
                assert process.stdout is not None
                found = (re.search(r"http://[\d.:]+\d", line) for line in process.stdout)
                address = next((match[0] for match in found if match), None)
                if address is None:
                    raise SystemExit("the page did not start")
                take(address, chromium, Path(folder))
            finally:
                process.terminate()  # else leaving the block would wait for it for ever


def take(address: str, chromium: str, folder: Path) -> None:
    """Every tab, with both people in the gallery; ``docs/verify.png`` is the first of them."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=scheme)  # type: ignore[arg-type]  # a literal
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            page.goto(address)
            page.get_by_role("button", name="Eileen Collins and Grace Hopper").click()
            page.get_by_role("heading", name="Different people").wait_for()
            save(page, DOCS / "verify.png" if scheme == "light" else DOCS / "pages" / "verify-dark.png")
            if scheme == "light":
                enroll(page)
            tab(page, "Enroll")
            save(page, DOCS / "pages" / f"enroll-{scheme}.png")
            tab(page, "Identify")
            upload(page, "identify-photo", both(folder))
            page.get_by_role("button", name="Identify", exact=True).click()
            page.get_by_role("heading", name="2 faces found, 2 recognized").wait_for()
            save(page, DOCS / "pages" / f"identify-{scheme}.png")
            tab(page, "Gallery")
            page.get_by_role("radio", name="Grace Hopper").check()
            page.get_by_role("heading", name="Grace Hopper").wait_for()
            page.get_by_role("button", name="Look for problems").click()
            page.get_by_role("button", name="Check the gallery").click()
            page.get_by_role("radio", name="One picture only").check()
            page.get_by_role("heading", name="One picture only").wait_for()
            save(page, DOCS / "pages" / f"gallery-{scheme}.png")
            tab(page, "Models")
            page.get_by_text("Where it goes wrong").wait_for()
            save(page, DOCS / "pages" / f"models-{scheme}.png")
            context.close()
        browser.close()


def enroll(page: Page) -> None:
    """Put both people into the gallery."""
    tab(page, "Enroll")
    for name, photo in (("Eileen Collins", photos()[0]), ("Grace Hopper", photos()[1])):
        page.get_by_label("Name", exact=True).fill(name)
        upload(page, "enroll-files", photo)
        page.get_by_role("button", name="Enroll", exact=True).click()
        page.get_by_role("heading", name=f"Stored 1 picture of {name}").wait_for()


def upload(page: Page, place: str, photo: Path) -> None:
    """Give a photo, and wait until the page has it."""
    with page.expect_response(lambda response: "/upload?" in response.url):
        page.locator(f"#{place} input[type=file]").set_input_files(photo)
    page.wait_for_timeout(1000)


def tab(page: Page, name: str) -> None:
    """Open a tab."""
    page.get_by_role("tab", name=name).click()


def photos() -> tuple[Path, Path]:
    """Both faces, from packages that are installed anyway."""
    places = (("skimage", "data/astronaut.png"), ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"))
    found = []
    for package, path in places:
        spec = find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        found.append(Path(spec.origin).parent / path)
    return found[0], found[1]


def both(folder: Path) -> Path:
    """Both faces in one picture."""
    canvas = Image.new("RGB", (1024, 600))
    for left, path in zip((0, 512), photos(), strict=True):
        with Image.open(path) as picture:
            canvas.paste(picture.convert("RGB"), (left, 0))
    canvas.save(folder / "both.png")
    return folder / "both.png"


def save(page: Page, path: Path) -> None:
    """The whole page as a PNG with a palette, once buttons and scrolling have come to rest."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(1000)
    path.parent.mkdir(exist_ok=True)
    with Image.open(io.BytesIO(page.screenshot(full_page=True))) as image:
        image.convert("RGB").quantize(COLORS).save(path, optimize=True)


if __name__ == "__main__":
    main()

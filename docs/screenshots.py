"""Make docs/verify.png anew: ``python docs/screenshots.py [chromium]``.

Starts the page with an empty gallery, clicks the example with the two public-domain faces (Eileen
Collins, NASA; Grace Hopper, US Navy) and takes a picture of the answer. Settings come from
FACENET_APP_* variables as always.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
WIDTH, HEIGHT = 1200, 900
COLORS = 256
"""A palette keeps the picture under 300 KB, and the page has few colors besides the photos."""


def main() -> None:
    """Start the page, take the picture, end the page."""
    chromium = sys.argv[1] if len(sys.argv) > 1 else "/usr/bin/chromium"
    with tempfile.TemporaryDirectory() as folder:
        settings = {"FACENET_APP_GALLERY": str(Path(folder) / "gallery.db"), "FACENET_APP_PORT": "0"}
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
                save(verify(address, chromium), DOCS / "verify.png")
            finally:
                process.terminate()  # else leaving the block would wait for it for ever


def verify(address: str, chromium: str) -> bytes:
    """The whole page after the example, as a PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(address)
        page.get_by_role("button", name="Eileen Collins and Grace Hopper").click()
        page.get_by_role("heading", name="Different people").wait_for()
        page.mouse.move(0, 0)
        page.wait_for_timeout(1000)  # buttons and scrolling come to rest
        picture = page.screenshot(full_page=True)
        browser.close()
    return picture


def save(picture: bytes, path: Path) -> None:
    """Write a PNG with a palette."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLORS).save(path, optimize=True)


if __name__ == "__main__":
    main()

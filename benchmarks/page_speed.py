"""The page in Chromium: the first load, switching tabs among 10,000 people, and two 12-megapixel photos.

The times are those that somebody before the screen would measure: from the click, or from choosing the
second file, until the answer is visible. The gallery's people are made up; the photos are Eileen Collins
and Grace Hopper, enlarged, with grain, and turned as telephones do it. ::

    python benchmarks/page_speed.py --people 10000 --repeat 5
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from measurement import Measurement, as_markdown, as_text, at_most, machine_lines
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from facenet_app.bootstrap import open_gallery
from facenet_app.domain import Embedding, FaceCrop, Quality, SampleDraft
from facenet_app.settings import load_settings

ROOT = Path(__file__).parents[1]
PACKAGES = ("gradio", "openvino", "opencv-python-headless", "playwright")
CHROMIUM = "/usr/bin/chromium"
SIZE = (3024, 4032)
ORIENTATION, TURNED = 274, 6
TABS = {
    "Verify": "#probe",
    "Identify": "#identify-photo",
    "Enroll": "#enroll-name",
    "Gallery": "#gallery-people",
    "Models": "#models-in-use",
}
"""What has to be visible before a tab counts as shown."""
FIRST_LOAD, SWITCH, TWO_PHOTOS = 3.0, 0.2, 1.0
BATCH = 500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--markdown", action="store_true", help="print the table for docs/benchmarks.md")
    given = parser.parse_args()
    machine = machine_lines(PACKAGES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "gallery.db", given.people)
        photos = make_photos(folder)
        with running_page(folder) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            rows = [first_load(browser, address)]
            page = browser.new_page(viewport={"width": 1200, "height": 900})
            page.goto(address)
            page.locator("#probe").wait_for()
            rows += switches(page, given.repeat)
            rows += two_photos(page, photos, given.repeat)
            browser.close()
    print("\n".join([as_markdown(rows), "", *machine]) if given.markdown else as_text(rows))
    return 0 if all(row.passed is not False for row in rows) else 1


def fill(gallery: Path, people: int) -> None:
    """People with one picture each: a direction of their own and a crop of noise."""
    random = np.random.default_rng(0)
    with open_gallery(load_settings(gallery=gallery)) as store:
        fingerprint = store.fingerprint
        for first in range(0, people, BATCH):
            vectors = random.standard_normal((min(BATCH, people - first), 128)).astype(np.float32)
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            store.add_people(
                [
                    (f"Person {number:05}", [draft(vector, fingerprint, number)])
                    for number, vector in enumerate(vectors, first)
                ]
            )


def draft(vector: "np.typing.NDArray[np.float32]", fingerprint: str, number: int) -> SampleDraft:
    gray = np.random.default_rng(number).integers(0, 255, (14, 14, 1), np.uint8)
    crop = FaceCrop(np.repeat(gray.repeat(8, 0).repeat(8, 1), 3, 2), "made-up")
    return SampleDraft(Embedding(vector, fingerprint), crop, Quality(60, 20), f"{number:064x}")


WATCH_TAB = """(place) => {
  let clicked;
  document.addEventListener("click", () => (clicked = performance.now()), { capture: true, once: true });
  window.painted = new Promise((resolve) => {
    const look = () => {
      if (!clicked || !document.querySelector(place)?.checkVisibility()) return requestAnimationFrame(look);
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - clicked)));
    };
    look();
  });
}"""
"""Milliseconds from a click until what it shows was drawn."""
WATCH_ANSWER = """() => {
  const times = [];
  const note = () => times.push(performance.now());
  document.addEventListener("change", note, { capture: true, once: true });
  document.querySelector("#compare").addEventListener("click", note, { capture: true, once: true });
  window.painted = new Promise((resolve) => {
    const look = async () => {
      if (!document.querySelector("#verify-result h2")?.checkVisibility()) return requestAnimationFrame(look);
      await Promise.all([...document.querySelectorAll("#verify-result img")].map((each) => each.decode()));
      requestAnimationFrame(() => requestAnimationFrame(() => resolve([...times, performance.now()])));
    };
    look();
  });
}"""
"""Milliseconds: when a file is chosen, "Compare" is clicked, and the answer with its pictures was drawn."""


def make_photos(folder: Path) -> tuple[Path, Path]:
    """Two photos of 12 megapixels, lying on their side in the file."""
    sources = (
        (installed("skimage", "data/astronaut.png"), (64, 0, 448, 512)),
        (installed("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"), (31, 0, 481, 600)),
    )
    exif = Image.Exif()
    exif[ORIENTATION] = TURNED
    grain = np.random.default_rng(0).normal(0, 3, (SIZE[1], SIZE[0], 1))
    paths = []
    for number, (source, box) in enumerate(sources):
        with Image.open(source) as picture:
            large = np.asarray(picture.convert("RGB").crop(box).resize(SIZE), np.float32)
        upright = Image.fromarray(np.clip(large + grain, 0, 255).astype(np.uint8))
        paths.append(path := folder / f"IMG_{number:04}.jpg")
        upright.transpose(Image.Transpose.ROTATE_90).save(path, quality=90, exif=exif)
    return paths[0], paths[1]


def installed(package: str, path: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / path


@contextmanager
def running_page(folder: Path) -> Iterator[str]:
    """app.py in a process of its own; gives its address once it says so."""
    settings = {"FACENET_APP_GALLERY": str(folder / "gallery.db"), "FACENET_APP_PORT": "0"}
    with subprocess.Popen(
        [sys.executable, str(ROOT / "app.py")],
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            found = (re.search(r"http://[\d.:]+\d", line) for line in process.stdout)
            yield next(match[0] for match in found if match)
        finally:
            process.terminate()


def first_load(browser: Browser, address: str) -> Measurement:
    """An empty browser cache, and the process has served nothing yet."""
    page = browser.new_context().new_page()
    began = time.perf_counter()
    page.goto(address)
    page.get_by_role("button", name="Compare", exact=True).wait_for()
    took = time.perf_counter() - began
    page.context.close()
    return at_most("first load until the page can be used", f"{took:.2f} s", took, FIRST_LOAD, "< 3 s")


def switches(page: Page, repeat: int) -> Iterator[Measurement]:
    """Each tab so many times, coming from another one; the first time apart. By the page's own clock."""
    times: dict[str, list[float]] = {name: [] for name in TABS}
    for _ in range(repeat + 1):
        for name, place in (*list(TABS.items())[1:], ("Verify", TABS["Verify"])):
            page.evaluate(WATCH_TAB, place)
            page.get_by_role("tab", name=name).click()
            times[name].append(page.evaluate("painted") / 1000)
            page.wait_for_timeout(300)  # what the tab still does after it is shown is not the next one's
    for name, (first, *later) in times.items():
        middle, most = statistics.median(later), max(first, *later)
        shown = f"{1000 * middle:.0f} ms, at most {1000 * most:.0f}, the first time {1000 * first:.0f}"
        yield at_most(f"switch to {name}", shown, most, SWITCH, "< 200 ms")


def two_photos(page: Page, photos: tuple[Path, Path], repeat: int) -> Iterator[Measurement]:
    """From choosing the second photo, and from the click, until the answer is painted.

    By the page's own clock: Playwright looks for what it waits for up to half a second after it is there.
    """
    whole, answers = [], []
    for _ in range(repeat):
        page.reload()
        page.locator("#probe").wait_for()
        upload(page, "probe", photos[0])
        page.evaluate(WATCH_ANSWER)
        upload(page, "reference", photos[1])
        page.get_by_role("button", name="Compare", exact=True).click()
        chosen, clicked, painted = page.evaluate("painted")
        whole.append((painted - chosen) / 1000)
        answers.append((painted - clicked) / 1000)
        page.get_by_role("heading", name="Different people").wait_for()
    sizes = " and ".join(f"{path.stat().st_size / 1e6:.1f} MB" for path in photos)
    for what, times in (("from the click", answers), ("from choosing the second", whole)):
        median, most = statistics.median(times), max(times)
        shown = f"{median:.2f} s, at most {most:.2f}"
        yield at_most(f"two 12-megapixel photos ({sizes}) compared, {what}", shown, most, TWO_PHOTOS, "< 1 s")


def upload(page: Page, place: str, photo: Path) -> None:
    page.locator(f"#{place} input[type=file]").set_input_files(photo)
    page.locator(f"#{place} img").wait_for()


if __name__ == "__main__":
    sys.exit(main())

"""The tab Models in Chromium: cards, measuring on one's own pictures, and a run that is being written."""

import json
from pathlib import Path

import pytest
from databases import on_both_databases
from playwright.sync_api import expect
from real_people import Person, write_folders
from running_page import RunningPage
from watching import Watched, heading

pytestmark = pytest.mark.browser


def test_the_models_and_their_thresholds(watched: Watched) -> None:
    watched.tab("Models")
    shown = watched.page.locator("#models-in-use")
    expect(shown).to_contain_text("sface: 128 numbers a face")
    expect(shown.get_by_role("row")).to_have_count(5)
    expect(watched.page.locator("#models-card")).to_contain_text("Where it goes wrong")
    watched.page.get_by_label("Model", exact=True).click()
    watched.page.get_by_role("option", name="casia").click()
    expect(watched.page.locator("#models-card")).to_contain_text("CASIA-WebFace")
    watched.press("Measure")
    expect(watched.page.locator("#models-result")).to_contain_text("A ZIP file is needed")


@on_both_databases
@pytest.mark.lfw
@pytest.mark.usefixtures("lfw")
def test_thresholds_are_measured_and_applied(watched: Watched, people: list[Person], tmp_path: Path) -> None:
    write_folders(archive := tmp_path / "labelled.zip", people[:16], photos=4)
    watched.tab("Models")
    watched.upload("models-zip", archive)
    watched.press("Measure")
    heading(watched, "Measured on your pictures")
    result = watched.page.locator("#models-result")
    expect(result).to_contain_text("64 pictures of 16 people")
    expect(result.get_by_role("figure")).to_have_count(3)
    measured = result.get_by_role("row").nth(1).get_by_role("cell").nth(1).inner_text()
    used = watched.page.locator("#models-in-use")
    expect(used).not_to_contain_text(measured)
    watched.press("Use these thresholds from now on")
    expect(watched.page.locator("#models-kept")).to_contain_text("used from now on")
    expect(used).to_contain_text(measured)


@on_both_databases
def test_a_training_run_is_followed(watched: Watched, page_server: RunningPage) -> None:
    (run := page_server.folder / "runs" / "first").mkdir(parents=True)
    metrics = run / "metrics.jsonl"
    metrics.write_text("".join(batch(step) for step in (1, 2)), encoding="utf-8")
    watched.tab("Models")
    watched.page.clock.install()
    watched.page.get_by_role("button", name="Training runs").click()
    shown = watched.page.locator("#runs-shown")
    expect(shown).to_contain_text("2 batches, 0 epochs so far")
    expect(shown.get_by_role("figure")).to_have_count(3)  # loss, distances, learning rate
    with metrics.open("a", encoding="utf-8") as file:
        file.write(batch(3))
    watched.page.clock.fast_forward(10_000)  # the page looks every five seconds
    expect(shown).to_contain_text("3 batches, 0 epochs so far")


def batch(step: int) -> str:
    """A line of a run's metrics."""
    line = {"kind": "step", "step": step, "loss": 1 / step, "mean_ap": 0.5, "mean_an": 1.2, "rate": 1e-3}
    return json.dumps(line) + "\n"

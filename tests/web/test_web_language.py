"""The languages of the page: nothing is missing in one of them, and nothing is said past them."""

import ast
import re
import string
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect
from watching import PATIENCE, Watched, heading

from facenet_app.errors import UsageError
from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.handlers import about, identify, verify
from facenet_app.web.language import FOLDER, load_language
from facenet_app.web.people import list_people
from facenet_app.web.results import STYLES

WEB = FOLDER.parent
ENGLISH = load_language("en").texts
OTHERS = sorted(path.stem for path in FOLDER.glob("*.toml") if path.stem != "en")
PHRASE = re.compile(r"[A-Za-z]{3,} [a-z]{2,}")


def forms(entry: Any) -> Any:
    """A text as the sets of placeholders of its sentences, in the same structure."""
    if isinstance(entry, dict):
        return {name: forms(each) for name, each in entry.items()}
    if isinstance(entry, list):
        return [forms(each) for each in entry]
    assert entry.strip() == entry != ""
    return {name for _, name, _, _ in string.Formatter().parse(entry) if name is not None}


def placeholders(name: str) -> set[str]:
    found = forms(ENGLISH[name])
    return found["one"] | found["other"] if isinstance(found, dict) else found


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(WEB.glob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_german_is_among_them() -> None:
    assert "de" in OTHERS


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_there_with_the_same_placeholders(code: str) -> None:
    texts = load_language(code).texts
    assert texts.keys() == ENGLISH.keys()
    assert {name: forms(each) for name, each in texts.items()} == {
        name: forms(each) for name, each in ENGLISH.items()
    }


def test_capitals_are_texts_without_placeholders() -> None:
    for name, entry in ENGLISH.items():
        assert name.isupper() or name.islower()
        if name.islower():
            assert placeholders(name), name
            assert isinstance(entry, str) or (
                entry.keys() == {"one", "other"} and "count" in placeholders(name)
            )


def test_texts_are_asked_for_as_they_are() -> None:
    """Every ``text.NAME`` is a text, every ``text.name(…)`` gives just its placeholders."""
    own = set(vars(text))
    for path, module in modules():
        for node in ast.walk(module):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id == "text"
            ):
                assert node.attr in ENGLISH or node.attr in own, f"{path.name}: text.{node.attr}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                name = node.func.attr
                given = [each.arg for each in node.keywords]
                if (
                    ast.unparse(node.func.value) == "text"
                    and name in ENGLISH.keys() - own
                    and None not in given
                ):
                    assert set(given) == placeholders(name), f"{path.name}: text.{name}"


def test_no_text_is_left_over() -> None:
    used = set()
    for _, module in modules():
        for node in ast.walk(module):
            if isinstance(node, ast.Attribute):
                used.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                used.add(node.value)
    headlines = {f"headline_{end}" for end in (*(decision.value for decision in STYLES), "poor")}
    assert ENGLISH.keys() - used - headlines == set()


def test_nothing_is_said_past_the_texts() -> None:
    """No sentence stands in the code of the page. Left are docstrings, logs, scripts and one exception."""
    found = []
    for path, module in modules():
        if path.name in ("language.py", "text.py"):
            continue
        for node in ast.walk(module):
            if isinstance(node, ast.Expr):  # a docstring
                node.value = ast.Constant(0)
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words = re.sub(r"<[^>]*>?|\{[^}]*\}", " ", node.value)
                if PHRASE.search(words) and "=>" not in words and "%s" not in words:
                    found.append(f"{path.name}:{node.lineno}: {words.strip()}")
    assert found == []


@pytest.mark.parametrize("code", ["fr", "en/../de", "", "EN"])
def test_a_language_that_there_is_not(code: str) -> None:
    with pytest.raises(UsageError, match="FACENET_APP_LANGUAGE to one of de, en"):
        load_language(code)


def test_numbers_and_dates_in_german(german: None) -> None:
    assert text.rate(1e-5) == "1 von 100.000 (0,001 %)"
    assert text.told_apart(1.08239, 1.0824) == ("1,08239", "1,08240")
    assert text.number(1234567) == "1.234.567"
    assert text.day(date(2026, 11, 21)) == "21.11.2026"
    assert text.removed(name="Ann", count=1) == "Ann wurde entfernt, mit 1 Bild."
    assert text.removed(name="Ann", count=1200) == "Ann wurde entfernt, mit 1.200 Bildern."


def test_names_are_never_filled_in_twice() -> None:
    assert text.renamed(old="{new}", new="{0.__class__}") == "{new} is now called {0.__class__}."


def test_handlers_answer_in_german(german: None, service: FaceService, astronaut: Path, hopper: Path) -> None:
    answer = verify(service, astronaut, hopper).html
    assert "Verschiedene Personen" in answer
    assert "über der Schwelle von 1,131." in answer
    assert "Diese Schwelle wurde von Hand gesetzt" in answer
    assert "Ein Foto wird gebraucht; wählen Sie zuerst eines." in identify(service, None).html
    assert "Noch ist niemand aufgenommen" in list_people(service).html
    assert "Keine Lebenderkennung" in about(service)


@pytest.mark.browser
def test_verifying_in_german(browser: Browser, start_page, tmp_path: Path) -> None:
    page = start_page(language="de", threshold=None)
    context = browser.new_context(locale="de-DE")
    watched = Watched(context.new_page())
    watched.listen()
    watched.page.set_default_timeout(PATIENCE)
    watched.page.goto(page.address)
    watched.press("Eileen Collins und Grace Hopper")
    heading(watched, "Verschiedene Personen")
    result = watched.page.locator("#verify-result")
    expect(result).to_contain_text("ungefähr 1 von 1.000 Paaren verschiedener Personen")
    expect(result.get_by_role("img", name="auf einer Skala von 0 bis 2")).to_be_visible()
    expect(watched.page.get_by_role("tab")).to_have_text(
        ["Vergleichen", "Erkennen", "Aufnehmen", "Galerie", "Modelle"]
    )
    assert watched.page.locator("html").get_attribute("lang") == "de"
    watched.tab("Erkennen")
    Image.new("RGB", (200, 200), "gray").save(wall := tmp_path / "wall.png")
    watched.upload("identify-photo", wall)
    watched.page.locator("#identify-button").click()
    alert = watched.page.locator("#identify-result").get_by_role("alert")
    expect(alert).to_contain_text("In dem Bild wurde kein Gesicht gefunden.")
    expect(alert.locator("small[lang=en]")).to_contain_text("No face was found in wall.png")
    assert watched.barriers() == []
    assert watched.errors == watched.elsewhere == []
    context.close()

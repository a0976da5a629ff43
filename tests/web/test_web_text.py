"""Sentences that depend on numbers."""

import pytest

from facenet_app.access.exposure import is_loopback
from facenet_app.comparison.decide import explain
from facenet_app.comparison.search_threshold import explain_search
from facenet_app.domain import Decision, OperatingPoint, Rate, SearchRisk
from facenet_app.web import text
from facenet_app.web.evidence import distance_scale
from facenet_app.web.meaning import meaning_of_pair, meaning_of_search


@pytest.mark.parametrize(("number", "words"), [(0, "0 people"), (1, "1 person"), (1234, "1,234 people")])
def test_count(number: int, words: str) -> None:
    assert text.people(count=number) == words


def test_the_threshold_itself_is_within() -> None:
    assert "within" in text.headline(Decision.MATCH, 1.1, 1.1)
    assert "above" in text.headline(Decision.NON_MATCH, 1.1001, 1.1)


@pytest.mark.parametrize(
    ("decision", "distance", "words"),
    [
        (Decision.MATCH, 1.08239, "Distance 1.08239, within the threshold of 1.08240."),
        (Decision.NON_MATCH, 1.08241, "Distance 1.08241, above the threshold of 1.08240."),
        (Decision.REVIEW, 1.08241, "Distance 1.08241, above the threshold of 1.08240, but too close"),
        (Decision.MATCH, 1.0824, "Distance 1.082, within the threshold of 1.082."),
        (Decision.MATCH, 0.7, "Distance 0.700, within the threshold of 1.082."),
    ],
)
def test_rounding_never_contradicts_the_decision(decision: Decision, distance: float, words: str) -> None:
    assert text.headline(decision, distance, 1.0824).startswith(words)


def test_the_scale_tells_close_numbers_apart() -> None:
    html = distance_scale(1.08239, 1.0824)
    assert ">1.08239</span>" in html
    assert "threshold 1.08240</span>" in html


@pytest.mark.parametrize(
    ("host", "own"),
    [("localhost", True), ("LOCALHOST", True), ("127.0.0.1", True), ("127.8.9.1", True), ("::1", True),
     ("0.0.0.0", False), ("::", False), ("10.0.0.1", False), ("127.0.0.1.example", False), ("", False)],
)  # fmt: skip
def test_which_hosts_are_loopback(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_a_measured_point_tells_its_rate() -> None:
    point = OperatingPoint(threshold=1.0824, fingerprint="f", target_fmr=1e-4)
    assert text.decided_at(point) == "false match rate 1 in 10,000 (threshold 1.082)"


@pytest.mark.parametrize(("distance", "at"), [(0, 0), (0.5, 25), (2, 100), (2.0000001, 100)])
def test_the_scale_stays_inside(distance: float, at: float) -> None:
    html = distance_scale(distance, 1.0)
    assert f'fa-mark-distance" style="--at:{at:.2f}%' in html
    assert 'class="fa-zone-match" style="width:50.00%"' in html
    assert f'aria-label="Distance {distance:.3f} on a scale from 0 to 2' in html


def test_the_scale_shows_the_band_where_a_person_should_look() -> None:
    html = distance_scale(1.1, 1.0824, 1.1334)
    assert 'class="fa-zone-match" style="width:54.12%"' in html
    assert 'class="fa-zone-review" style="width:2.55%" title="a person should look"' in html
    assert html.count("fa-mark-threshold") == 2
    assert "threshold 1.082, review up to 1.133</span>" in html
    assert "1.082 is the threshold and a person should look up to 1.133" in html


def test_without_a_band_there_is_one_threshold() -> None:
    html = distance_scale(1.1, 1.0824)
    assert "review" not in html
    assert html.count("fa-mark-threshold") == 1


def test_rates_in_words() -> None:
    assert [text.rate(value) for value in (1e-1, 1e-3, 1e-5)] == [
        "1 in 10 (10 %)",
        "1 in 1,000 (0.1 %)",
        "1 in 100,000 (0.001 %)",
    ]
    by_hand, review = OperatingPoint(1.0, "f"), OperatingPoint(1.1334, "f", target_fmr=1e-3)
    assert meaning_of_pair(by_hand, review).endswith(
        "about 1 in 1,000 different-person pairs come that near."
    )
    assert meaning_of_pair(by_hand, by_hand).endswith("From there up to 1.000 a person should look.")


MEASURED = OperatingPoint(
    1.1,
    "f",
    target_fmr=1e-3,
    fmr=Rate(12, 12345, 0.0005, 0.002),
    fnmr=Rate(152, 12345, 0.01, 0.02),
    dataset="LFW",
)


@pytest.mark.parametrize("point", [MEASURED, OperatingPoint(1.1, "f")])
def test_the_page_says_of_a_pair_what_the_commands_say(point: OperatingPoint) -> None:
    assert meaning_of_pair(point, None) == explain(point)


@pytest.mark.parametrize(
    "risk",
    [
        None,
        *(SearchRisk(pictures, 1e-2, 1e-2, 1e-3) for pictures in (0, 1, 100, 300, 1000)),
        SearchRisk(5000, 1e-2, 2e-6, 1e-5),
    ],
)
def test_so_it_does_of_a_search(risk: SearchRisk | None) -> None:
    assert meaning_of_search(MEASURED, risk) == explain_search(MEASURED, risk)

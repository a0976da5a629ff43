"""The error rates that the page offers, and what choosing one does."""

from pathlib import Path

import pytest

from facenet_app.domain import OperatingPoint
from facenet_app.service import FaceService
from facenet_app.web.handlers import identify, verify
from facenet_app.web.rates import chosen_rate, search_rates, verification_rates


def opened(tmp_path: Path, **settings: object) -> FaceService:
    return FaceService.open(gallery=tmp_path / "gallery.db", **settings)


def measured(service: FaceService) -> list[OperatingPoint]:
    """The points of the model, the loosest first."""
    return sorted(service.measured.points, key=lambda point: -point.threshold)


def test_every_measured_rate_is_offered_and_the_default_is_marked(tmp_path: Path) -> None:
    service = opened(tmp_path)
    rates = verification_rates(service)
    assert [chosen_rate(value) for _, value in rates.choices] == [p.target_fmr for p in measured(service)]
    assert chosen_rate(rates.default) == 1e-3
    assert [label for label, _ in rates.choices if "default" in label] == ["1 in 1,000 (0.1 %), default"]


def test_each_choice_decides_at_its_own_threshold(tmp_path: Path, astronaut: Path, hopper: Path) -> None:
    service = opened(tmp_path)
    answers = {
        point: verify(service, astronaut, hopper, chosen_rate(value)).html
        for point, (_, value) in zip(measured(service), verification_rates(service).choices, strict=True)
    }
    for point, html in answers.items():
        assert point.target_fmr is not None
        assert f"about 1 in {round(1 / point.target_fmr):,} different-person pairs would pass" in html
        assert f"threshold {point.threshold:.3f}</span>" in html


def test_a_threshold_of_the_settings_is_the_default_and_may_be_left(
    tmp_path: Path, astronaut: Path, hopper: Path
) -> None:
    service = opened(tmp_path, threshold=0.5)
    rates = verification_rates(service)
    assert rates.choices[0] == ("threshold 0.5, set by hand, default", rates.default)
    assert "threshold 0.500</span>" in verify(service, astronaut, hopper, chosen_rate(rates.default)).html
    assert "threshold 0.500</span>" not in verify(service, astronaut, hopper, 1e-2).html
    assert search_rates(service).choices[0] == rates.choices[0]


def test_rates_that_contradict_the_review_band_are_not_offered(tmp_path: Path) -> None:
    rates = verification_rates(opened(tmp_path, review=1e-4))
    assert [chosen_rate(value) for _, value in rates.choices] == [1e-2, 1e-3]


def test_the_band_is_told_and_drawn(tmp_path: Path, astronaut: Path, hopper: Path) -> None:
    service = opened(tmp_path, review=1e-4)
    html = verify(service, astronaut, hopper).html
    strict, loose = (next(p for p in measured(service) if p.target_fmr == fmr) for fmr in (1e-4, 1e-3))
    assert f"threshold {strict.threshold:.3f}, review up to {loose.threshold:.3f}</span>" in html
    assert "about 1 in 1,000 different-person pairs come that near" in html


def test_the_rate_of_the_settings_is_offered_also_if_nobody_measured_it(
    tmp_path: Path, astronaut: Path, hopper: Path
) -> None:
    service = opened(tmp_path, fmr=2e-3)
    rates = verification_rates(service)
    assert chosen_rate(rates.default) == 2e-3
    assert len(rates.choices) == len(service.measured.points) + 1
    answer = verify(service, astronaut, hopper, chosen_rate(rates.default))
    assert "no threshold was measured" in answer.html.lower()
    assert chosen_rate(search_rates(service).default) == 2e-3


def test_searches_have_rates_of_their_own(tmp_path: Path, astronaut: Path) -> None:
    service = opened(tmp_path)
    rates = search_rates(service)
    assert [chosen_rate(value) for _, value in rates.choices] == [1e-1, 1e-2, 1e-3]
    assert chosen_rate(rates.default) == 1e-2
    service.enroll("Eileen Collins", [astronaut])
    with service.gallery:
        assert "at most about 1 in 100 would" in identify(service, astronaut, 1e-2).html
        assert "at most about 1 in 1,000 would" in identify(service, astronaut, 1e-3).html


@pytest.mark.parametrize("rates", [verification_rates, search_rates])
def test_without_measurements_there_is_no_choice(tmp_path: Path, unmeasured, rates: object) -> None:
    assert callable(rates)
    found = rates(opened(tmp_path, **unmeasured))
    assert not found.any
    assert found.choices == ()

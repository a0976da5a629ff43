"""At which thresholds the service decides: the model's, the gallery's, corrected for its size."""

from pathlib import Path

import numpy as np
import pytest

from facenet_app.domain import Decision, Embedding, OperatingPoint, Quality, Rate, SampleDraft
from facenet_app.errors import InvalidThreshold, NoOperatingPoint
from facenet_app.service import FaceService


def crowd(service: FaceService, people: int, samples: int) -> None:
    """Enroll people who look like nobody: noise, one direction each."""
    random = np.random.default_rng(0)
    for person in range(people):
        drafts = []
        for sample in range(samples):
            vector = random.normal(size=128)
            vector /= np.linalg.norm(vector)
            embedding = Embedding(vector.astype(np.float32), service.extractor.fingerprint)
            drafts.append(SampleDraft(embedding, None, Quality(60, 20), f"{person} {sample}"))
        service.gallery.add(f"Nobody {person}", drafts)


def own_point(service: FaceService, threshold: float, fmr: float) -> OperatingPoint:
    rate = Rate(3, 3000, 0.0002, 0.003)
    fingerprint = service.extractor.fingerprint
    return OperatingPoint(threshold, fingerprint, fmr, rate, rate, "our door", detector="yunet")


@pytest.mark.parametrize(
    ("people", "samples", "fmr", "kept"),
    [
        (0, 0, 1e-2, True),
        (1, 1, 1e-2, True),
        (1, 2, 1e-3, True),
        (2, 5, 1e-3, True),
        (50, 3, 1e-5, True),
        (1, 1100, 1e-5, False),
    ],
)
def test_a_search_is_decided_by_the_number_of_samples(
    service: FaceService, astronaut: Path, people: int, samples: int, fmr: float, kept: bool
) -> None:
    crowd(service, people, samples)
    result = service.identify(astronaut)
    assert result.operating_point.target_fmr == fmr
    assert (result.gallery_size, result.comparisons) == (people, people * samples)
    assert any("let a person check" in str(warning) for warning in result.warnings) is not kept
    document = result.to_dict()
    assert document["target_fpir"] == 1e-2
    assert document["fpir_bound"] == pytest.approx(people * samples * fmr)
    assert document["comparisons"] == people * samples


def test_a_rate_given_by_hand_is_that_of_the_search(service: FaceService, astronaut: Path) -> None:
    crowd(service, 10, 1)
    assert service.identify(astronaut, fmr=1e-2).operating_point.target_fmr == 1e-3
    assert service.identify(astronaut, fmr=0.123).operating_point.target_fmr == 1e-2
    by_hand = service.identify(astronaut, threshold=1.0).to_dict()
    assert (by_hand["threshold"], by_hand["target_fpir"], by_hand["fpir_bound"]) == (1.0, None, None)
    with pytest.raises(InvalidThreshold):
        service.identify(astronaut, fmr=1.5)


def test_between_two_searches_a_person_should_look(
    service: FaceService, astronaut: Path, hopper: Path
) -> None:
    service.enroll("Eileen Collins", [astronaut])
    unsure = service.identify(hopper, threshold=2, review=1e-3)
    assert unsure.decision is Decision.REVIEW
    assert unsure.review_point is not None
    assert (unsure.review_point.threshold, unsure.operating_point.target_fmr) == (2, 1e-3)
    assert unsure.faces[0].match is None
    sure = service.identify(astronaut, fmr=1e-2, review=1e-3)
    assert sure.decision is Decision.MATCH
    assert service.identify(hopper, fmr=1e-2, review=1e-3).decision is Decision.NON_MATCH


def test_the_gallerys_own_points_lead_in_its_searches_only(service: FaceService, astronaut: Path) -> None:
    service.gallery.set_operating_points([own_point(service, 0.9, 1e-3)])
    crowd(service, 1, 1)
    assert service.identify(astronaut, fmr=1e-3).operating_point.dataset == "our door"
    assert service.verify(astronaut, astronaut).operating_point.dataset != "our door"
    # The shipped 1e-4 has a larger threshold than this gallery's 1e-3, so it is not taken for stricter.
    strict = service.identify(astronaut, fmr=1e-4)
    assert strict.operating_point.dataset == "our door"
    assert any("no threshold was measured that is strict enough" in str(each) for each in strict.warnings)


def test_settings_open_the_band_too(astronaut: Path, hopper: Path, tmp_path: Path) -> None:
    service = FaceService.open(gallery=tmp_path / "gallery.db", review=1e-4)
    result = service.verify(astronaut, astronaut)
    assert result.review_point is not None
    assert (result.operating_point.target_fmr, result.review_point.target_fmr) == (1e-4, 1e-3)
    assert service.operating_point() == result.operating_point
    assert service.verify(astronaut, astronaut, fmr=1e-2, review=1e-3).operating_point.target_fmr == 1e-3
    with pytest.raises(InvalidThreshold, match="--review"):
        service.verify(astronaut, hopper, fmr=1e-5)
    with pytest.raises(NoOperatingPoint):
        service.verify(astronaut, hopper, review=2e-4)


def test_another_detector_than_the_threshold_was_measured_with_is_said(
    service: FaceService, astronaut: Path
) -> None:
    service.gallery.set_operating_points([own_point(service, 0.9, 1e-3), own_point(service, 0.8, 1e-4)])
    assert not service.identify(astronaut).warnings[1:]
    other = FaceService.open(gallery=service.gallery.path, detector="mtcnn")
    with other.gallery:
        warnings = other.identify(astronaut).warnings
    assert "The threshold was measured with the detector yunet, not with mtcnn." in map(str, warnings)


def test_a_person_of_several_pictures_is_compared_by_their_middle(
    service: FaceService, astronaut: Path, tmp_path: Path
) -> None:
    """Two samples on both sides of the face: the middle is the face itself, each sample is far off."""
    vector = service.extractor.extract(astronaut).face.embedding.vector.astype(np.float64)
    aside = np.random.default_rng(0).normal(size=vector.size)
    aside -= (aside @ vector) * vector
    aside /= np.linalg.norm(aside)
    drafts = [
        SampleDraft(
            Embedding(
                ((vector + way * aside) / np.sqrt(2)).astype(np.float32), service.extractor.fingerprint
            ),
            None,
            Quality(60, 20),
            str(way),
        )
        for way in (-1, 1)
    ]
    service.gallery.add("Somebody", drafts)
    by_middle = service.identify(astronaut)
    assert by_middle.faces[0].candidates[0].distance == pytest.approx(0, abs=1e-3)
    assert by_middle.to_dict()["template"] == "centroid"
    other = FaceService.open(gallery=service.gallery.path, template="nearest")
    with other.gallery:
        by_picture = other.identify(astronaut)
    assert by_picture.faces[0].candidates[0].distance == pytest.approx(2 * np.sin(np.pi / 8), abs=1e-3)
    assert by_picture.to_dict()["template"] == "nearest"
    assert by_picture.comparisons == by_middle.comparisons == 2

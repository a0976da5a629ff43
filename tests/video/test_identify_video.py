"""Who is seen in a real video, from when to when, and the video with names that comes of it."""

import csv
import io
from pathlib import Path

import pytest
from made_video import FPS, SECONDS, STANDS, WALKS

from facenet_app.domain import Decision, VideoIdentification
from facenet_app.errors import UsageError
from facenet_app.imaging.video import VideoLimits, open_video
from facenet_app.service import FaceService
from facenet_app.video.annotate import annotate_video
from facenet_app.video.identify import VideoSearch, identify_video
from facenet_app.video.steps import Step, finished
from facenet_app.video.timeline import clock, timeline_csv

LIMITS = VideoLimits(max_bytes=10_000_000, max_seconds=60)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, astronaut: Path, hopper: Path) -> FaceService:
    service = FaceService.open(gallery=tmp_path_factory.mktemp("video") / "gallery.db")
    service.enroll("Eileen Collins", [astronaut])
    service.enroll("Grace Hopper", [hopper])
    return service


@pytest.fixture(scope="module")
def seen(service: FaceService, two_people_video: Path) -> VideoIdentification:
    return finished(identify_video(service, two_people_video))


def test_both_people_are_seen_when_they_are_there(seen: VideoIdentification) -> None:
    assert seen.pictures == 5 * SECONDS
    assert seen.people == ("Eileen Collins", "Grace Hopper")
    assert seen.decision is Decision.MATCH
    for each, (first, last) in zip(seen.appearances, (WALKS, STANDS), strict=True):
        shown = [picture for picture in range(0, FPS * SECONDS, 2) if first <= picture <= last]
        assert [round(sighting.time * FPS) for sighting in each.sightings] == shown
        assert each.start == pytest.approx(shown[0] / FPS)
        assert each.end == pytest.approx(shown[-1] / FPS)
    assert not seen.glimpses


def test_somebody_who_is_not_enrolled_is_unknown(
    tmp_path: Path, hopper: Path, two_people_video: Path
) -> None:
    with FaceService.open(gallery=tmp_path / "gallery.db") as service:
        empty = finished(identify_video(service, two_people_video, VideoSearch(rate=2)))
        service.enroll("Grace Hopper", [hopper])
        one = finished(identify_video(service, two_people_video, VideoSearch(rate=2)))
    assert [each.person for each in empty.appearances] == [None, None]
    assert empty.decision is Decision.NON_MATCH
    assert "The gallery is empty: enroll somebody first." in map(str, empty.warnings)
    assert [each.person and each.person.name for each in one.appearances] == [None, "Grace Hopper"]


def test_nearer_pictures_are_named_alike(seen: VideoIdentification) -> None:
    document = seen.to_dict()
    assert document["distance"] == min(each["distance"] for each in document["appearances"])
    assert [each["name"] for each in document["appearances"]] == ["Eileen Collins", "Grace Hopper"]
    table = list(csv.reader(io.StringIO(timeline_csv(seen))))
    assert table[0] == ["name", "start", "end", "pictures", "distance"]
    assert [line[:4] for line in table[1:]] == [
        ["Eileen Collins", "0.000", "2.800", "15"],
        ["Grace Hopper", "2.000", "4.800", "15"],
    ]


def test_the_annotated_video_shows_every_picture_that_was_looked_at(
    seen: VideoIdentification, two_people_video: Path, tmp_path: Path
) -> None:
    target = tmp_path / "annotated.webm"
    told: list[Step] = []
    finished(annotate_video(two_people_video, seen, target, LIMITS), told.append)
    assert [step.seconds for step in told] == pytest.approx([number / 5 for number in range(5 * SECONDS)])
    with open_video(target, LIMITS) as video:
        pictures = list(video.frames(5))
    assert len(pictures) == seen.pictures
    greens = [
        ((pixels.astype(int) @ [-1, 1.5, -1]) > 60).sum() for pixels in (each.pixels for each in pictures)
    ]
    boxed = [count > 300 for count in greens]
    shown = [WALKS[0] <= 2 * tick <= WALKS[1] or STANDS[0] <= 2 * tick <= STANDS[1] for tick in range(30)]
    assert boxed == shown
    assert list(tmp_path.iterdir()) == [target]


def test_work_that_is_stopped_leaves_nothing(
    service: FaceService, seen: VideoIdentification, two_people_video: Path, tmp_path: Path
) -> None:
    class Stop(Exception):
        pass

    def stop(_: Step) -> None:
        raise Stop

    steps = identify_video(service, two_people_video)
    with pytest.raises(Stop):
        finished(steps, stop)
    with pytest.raises(StopIteration):
        next(steps)
    with pytest.raises(Stop):
        finished(annotate_video(two_people_video, seen, tmp_path / "out.webm", LIMITS), stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("rate", [0, -1, 61, float("nan")])
def test_rates_that_make_no_sense(rate: float) -> None:
    with pytest.raises(UsageError, match="pictures a second"):
        VideoSearch(rate=rate)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00.0"), (59.96, "1:00.0"), (62.44, "1:02.4"), (3599.9, "59:59.9"), (3601, "1:00:01.0")],
)
def test_times_as_people_write_them(seconds: float, words: str) -> None:
    assert clock(seconds) == words

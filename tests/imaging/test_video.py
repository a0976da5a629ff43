"""Reading and writing videos: times, limits, and files that are none."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from made_video import FPS, SECONDS

from facenet_app.errors import NotAVideo, VideoDamaged, VideoError, VideoTooLarge
from facenet_app.imaging.video import VideoLimits, open_video
from facenet_app.imaging.video_writer import VideoWriter

LIMITS = VideoLimits(max_bytes=10_000_000, max_seconds=60)


def ticks(path: Path, rate: float, limits: VideoLimits = LIMITS) -> list[int]:
    with open_video(path, limits) as video:
        return [frame.tick for frame in video.frames(rate)]


@pytest.mark.parametrize("rate", [1, 2.5, 5, 10, 30])
def test_pictures_are_taken_at_the_rate_asked_for(two_people_video: Path, rate: float) -> None:
    with open_video(two_people_video, LIMITS) as video:
        assert video.duration == pytest.approx(SECONDS)
        frames = list(video.frames(rate))
    every = [number / FPS for number in range(FPS * SECONDS)]
    expected: dict[int, float] = {}
    for time in every:
        expected.setdefault(int(time * rate + 1e-6), time)
    assert [frame.tick for frame in frames] == list(expected)
    assert [frame.time for frame in frames] == pytest.approx(list(expected.values()))


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    colors = [(200, 30, 30), (30, 200, 30), (30, 30, 200)]
    path = tmp_path / "colors.webm"
    with VideoWriter(path, rate=4) as writer:
        for tick, color in zip((0, 1, 4), colors, strict=True):
            writer.write(tick, np.full((96, 160, 3), color, np.uint8))
    with open_video(path, LIMITS) as video:
        frames = list(video.frames(4))
    assert [frame.time for frame in frames] == pytest.approx([0, 0.25, 0.5, 0.75, 1])
    for frame, color in zip(frames, [colors[0], *[colors[1]] * 3, colors[2]], strict=True):
        assert np.abs(frame.pixels.mean(axis=(0, 1)) - color).max() < 12
    assert b"webm" in path.read_bytes()[:64]
    assert b"matroska" not in path.read_bytes()[:64]
    assert list(tmp_path.iterdir()) == [path]


def test_a_video_that_fails_half_way_replaces_nothing(tmp_path: Path) -> None:
    (path := tmp_path / "old.webm").write_bytes(b"old")

    def fail() -> None:
        with VideoWriter(path, rate=4) as writer:
            writer.write(0, np.zeros((96, 160, 3), np.uint8))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with (
        pytest.raises(VideoError, match="cannot be written"),
        VideoWriter(tmp_path / "no" / "a.webm", 5) as out,
    ):
        out.write(0, np.zeros((96, 160, 3), np.uint8))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Dear reader, this is no video.",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
    ],
)
def test_files_of_other_kinds_are_refused_before_they_are_opened(tmp_path: Path, data: bytes) -> None:
    (path := tmp_path / "clip.mp4").write_bytes(data)
    with pytest.raises(NotAVideo, match=r"clip\.mp4 is no video"):
        ticks(path, 5)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.mp4", tmp_path):
        with pytest.raises(NotAVideo, match="cannot be read"):
            ticks(path, 5)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.99])
def test_a_video_without_its_end(two_people_video: Path, tmp_path: Path, part: float) -> None:
    whole = two_people_video.read_bytes()
    (path := tmp_path / "cut.mp4").write_bytes(whole[: int(part * len(whole))])
    with pytest.raises(VideoDamaged, match="copy it again"):
        ticks(path, 5)


def test_a_webm_that_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "long.webm"
    noise = np.random.default_rng(0).integers(0, 255, (40, 96, 160, 3), np.uint8)
    with VideoWriter(path, rate=5) as writer:
        for tick, pixels in enumerate(noise):
            writer.write(tick, pixels)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(VideoDamaged):
        ticks(path, 5)


def of_numbers(path: Path, rate: float, count: int) -> Path:
    """A video of ``count`` gray pictures."""
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), rate, (64, 48))
    for number in range(count):
        writer.write(np.full((48, 64, 3), number % 256, np.uint8))
    writer.release()
    return path


def test_pictures_that_stand_for_long_are_no_damage(tmp_path: Path) -> None:
    assert ticks(of_numbers(tmp_path / "slides.mp4", 0.1, 3), 1) == [0, 10, 20]


def test_more_pictures_than_time_has_room_for(tmp_path: Path) -> None:
    with pytest.raises(VideoDamaged, match="more pictures than time"):
        ticks(of_numbers(tmp_path / "many.mp4", 10_000, 1500), 5)


def test_a_picture_of_another_size_is_not_left_out_silently(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.webm", rate=4) as writer:
        writer.write(0, np.zeros((96, 160, 3), np.uint8))
        with pytest.raises(VideoError, match="change their size"):
            writer.write(1, np.zeros((48, 160, 3), np.uint8))


def test_garbage_behind_a_good_beginning(tmp_path: Path) -> None:
    for start in (b"\x00\x00\x00\x20ftypisom", b"\x1aE\xdf\xa3", b"RIFF\x00\x00\x00\x00AVI "):
        (path := tmp_path / "clip.bin").write_bytes(start + bytes(range(256)) * 20)
        with pytest.raises(VideoDamaged):
            ticks(path, 5)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (VideoLimits(max_bytes=1000, max_seconds=60), "1,000 bytes"),
        (VideoLimits(max_bytes=10_000_000, max_seconds=5), "longer than the 5 seconds"),
        (VideoLimits(max_bytes=10_000_000, max_seconds=60, max_pixels=1000), "640 × 360 pixels"),
    ],
)
def test_limits(two_people_video: Path, limits: VideoLimits, words: str) -> None:
    with pytest.raises(VideoTooLarge, match=words):
        ticks(two_people_video, 5, limits)

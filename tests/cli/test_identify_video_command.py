"""``facenet-app identify-video``: lines, files, document and exit codes."""

from pathlib import Path

import pytest
from program import Cli
from test_manual import documented_keys

QUICK = ("--rate", "2")


def test_a_video_as_lines_and_files(cli: Cli, two_people_video: Path, hopper: Path, tmp_path: Path) -> None:
    assert cli("enroll", "Grace Hopper", hopper).code == 0
    out, table = tmp_path / "out.webm", tmp_path / "out.csv"
    ran = cli("identify-video", two_people_video, *QUICK, "--out", out, "--csv", table)
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert lines[0] == "0:00.0 to 0:02.5: unknown"
    assert lines[1].startswith("0:02.0 to 0:04.5: Grace Hopper (distance 0.")
    assert "looked at 12 pictures of 5.5 seconds, compared with 1 person" in lines[2]
    assert ran.err == ""
    assert out.read_bytes()[:4] == b"\x1aE\xdf\xa3"
    assert table.read_text(encoding="utf-8").splitlines()[0] == "name,start,end,pictures,distance"


def test_the_document_of_identify_video(cli: Cli, two_people_video: Path) -> None:
    keys = documented_keys("facenet-app identify-video")
    ran = cli("identify-video", two_people_video, *QUICK, "--json")
    assert ran.code == 1
    assert set(ran.document) == set(keys)
    assert set(ran.document["appearances"][0]) == keys["appearances"]


@pytest.mark.parametrize(
    ("name", "arguments", "code", "error"),
    [
        ("letter.mp4", (), 4, "not_a_video"),
        ("missing.mp4", (), 4, "not_a_video"),
        ("letter.mp4", ("--rate", "0"), 2, "usage"),
        ("letter.mp4", ("--out", "a.mp4"), 2, "usage"),
    ],
)
def test_what_goes_wrong(
    cli: Cli, tmp_path: Path, name: str, arguments: tuple[str, ...], code: int, error: str
) -> None:
    (tmp_path / "letter.mp4").write_text("Dear reader, this is no video.")
    ran = cli("identify-video", tmp_path / name, *arguments, "--json")
    assert ran.code == code
    assert ran.error_code == error


@pytest.mark.parametrize("option", ["--out", "--csv"])
def test_the_video_itself_is_never_replaced(cli: Cli, tmp_path: Path, option: str) -> None:
    (video := tmp_path / "visit.webm").write_bytes(b"all that there is")
    ran = cli("identify-video", video, option, tmp_path / "." / "visit.webm", "--json")
    assert (ran.code, ran.error_code) == (2, "usage")
    assert video.read_bytes() == b"all that there is"

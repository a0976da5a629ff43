"""Downloads that broke off: gone on with, or begun anew where the file may be another one."""

from pathlib import Path

import pytest
from downloads import QUICK, leftovers
from file_server import FileServer, cut_after, status, without_ranges

from facenet_app.errors import DownloadFailed
from facenet_app.weights.fetch import Patience, fetch


def test_cut_connection_is_resumed_within_a_call(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    fetch(server.url, target, sha256=server.digest, patience=QUICK)
    assert target.read_bytes() == server.body
    first, second = server.received
    assert "Range" not in first
    assert (second["Range"], second["If-Range"]) == ("bytes=70000-", server.etag)


def test_cut_connection_is_resumed_by_the_next_call(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed, match=r"broke.*connect to the internet"):
        fetch(server.url, target, sha256=server.digest, patience=Patience(retries=0))
    assert leftovers(target) == ["weights.pt.part", "weights.pt.part.json"]
    fetch(server.url, target, sha256=server.digest)
    assert server.received[1]["Range"] == "bytes=70000-"
    assert target.read_bytes() == server.body
    assert leftovers(target) == ["weights.pt"]


def test_changed_file_starts_anew(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed):
        fetch(server.url, target, sha256=None, patience=Patience(retries=0))
    server.body, server.etag = b"second version" * 9000, '"second"'
    assert fetch(server.url, target, sha256=None, patience=QUICK) == server.digest
    assert target.read_bytes() == server.body


def test_changed_file_from_a_server_that_ignores_if_range(server: FileServer, target: Path) -> None:
    server.answers += [
        cut_after(70_000),
        status(206, Content_Range=f"bytes 70000-204799/{len(server.body)}", ETag='"other"'),
    ]
    fetch(server.url, target, sha256=None, patience=QUICK)
    assert target.read_bytes() == server.body
    assert "Range" not in server.received[2]


def test_range_that_starts_elsewhere_is_refused(server: FileServer, target: Path) -> None:
    server.answers += [cut_after(70_000), status(206, Content_Range=f"bytes 5-204799/{len(server.body)}")]
    fetch(server.url, target, sha256=server.digest, patience=QUICK)
    assert target.read_bytes() == server.body


def test_part_of_another_address_is_not_used(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed):
        fetch(server.url + "?old", target, sha256=None, patience=Patience(retries=0))
    fetch(server.url, target, sha256=server.digest)
    assert "Range" not in server.received[1]


def test_server_that_ignores_ranges(server: FileServer, target: Path) -> None:
    server.answers += [cut_after(70_000), without_ranges]
    fetch(server.url, target, sha256=server.digest, patience=QUICK)
    assert target.read_bytes() == server.body


def test_server_that_has_no_validator_is_asked_for_everything(server: FileServer, target: Path) -> None:
    server.etag = 'W/"weak"'
    server.answers.append(cut_after(70_000))
    fetch(server.url, target, sha256=server.digest, patience=QUICK)
    assert "Range" not in server.received[1]
    assert target.read_bytes() == server.body


def test_last_modified_serves_as_validator(server: FileServer, target: Path) -> None:
    date = "Mon, 02 Apr 2018 11:47:59 GMT"
    server.etag = date  # the server compares If-Range with it
    server.answers.append(
        lambda answer: (
            answer.head(200, Content_Length=len(server.body), Last_Modified=date),
            answer.wfile.write(server.body[:70_000]),
        )
    )
    fetch(server.url, target, sha256=server.digest, patience=QUICK)
    assert server.received[1]["If-Range"] == date
    assert server.received[1]["Range"] == "bytes=70000-"


@pytest.mark.parametrize("extra", [b"", b"too much"], ids=["complete", "too long"])
def test_nothing_left_to_send(server: FileServer, target: Path, extra: bytes) -> None:
    """416: taken as done only if the part is as long as the file."""
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed):
        fetch(server.url, target, sha256=None, patience=Patience(retries=0))
    target.with_name("weights.pt.part").write_bytes(server.body + extra)
    fetch(server.url, target, sha256=server.digest, patience=QUICK)
    assert target.read_bytes() == server.body
    assert len(server.received) == (3 if extra else 2)

"""Downloads against a real server: whole, cut off, changed, refused, slow, twice at once."""

import gzip
import hashlib
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from file_server import FileServer, chunked, cut_after, dripping, silent, slow, status, without_ranges

from facenet_app.errors import DownloadFailed, ModelError, WeightsDamaged
from facenet_app.weights.fetch import Patience, fetch

QUICK = Patience(retries=2, timeout=5, pause=0)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "weights.pt"


def digest(server: FileServer) -> str:
    return hashlib.sha256(server.body).hexdigest()


def leftovers(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir() if path.suffix != ".lock")


def test_whole_file(server: FileServer, target: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    result = fetch(
        server.url,
        target,
        sha256=digest(server),
        size=len(server.body),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert result == digest(server)
    assert target.read_bytes() == server.body
    assert leftovers(target) == ["weights.pt"]
    assert seen[-1] == (len(server.body), len(server.body))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_digest_is_returned_if_none_is_known(server: FileServer, target: Path) -> None:
    assert fetch(server.url, target, sha256=None) == digest(server)


def test_file_that_is_there_is_not_fetched_again(server: FileServer, target: Path) -> None:
    for _ in range(2):
        fetch(server.url, target, sha256=digest(server))
    assert len(server.received) == 1


def test_damaged_file_that_is_there_is_replaced(server: FileServer, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"damaged")
    fetch(server.url, target, sha256=digest(server))
    assert target.read_bytes() == server.body


def test_cut_connection_is_resumed_within_a_call(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    fetch(server.url, target, sha256=digest(server), patience=QUICK)
    assert target.read_bytes() == server.body
    first, second = server.received
    assert "Range" not in first
    assert (second["Range"], second["If-Range"]) == ("bytes=70000-", server.etag)


def test_cut_connection_is_resumed_by_the_next_call(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed, match=r"broke.*connect to the internet"):
        fetch(server.url, target, sha256=digest(server), patience=Patience(retries=0))
    assert leftovers(target) == ["weights.pt.part", "weights.pt.part.json"]
    fetch(server.url, target, sha256=digest(server))
    assert server.received[1]["Range"] == "bytes=70000-"
    assert target.read_bytes() == server.body
    assert leftovers(target) == ["weights.pt"]


def test_changed_file_starts_anew(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed):
        fetch(server.url, target, sha256=None, patience=Patience(retries=0))
    server.body, server.etag = b"second version" * 9000, '"second"'
    assert fetch(server.url, target, sha256=None, patience=QUICK) == digest(server)
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
    fetch(server.url, target, sha256=digest(server), patience=QUICK)
    assert target.read_bytes() == server.body


def test_part_of_another_address_is_not_used(server: FileServer, target: Path) -> None:
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed):
        fetch(server.url + "?old", target, sha256=None, patience=Patience(retries=0))
    fetch(server.url, target, sha256=digest(server))
    assert "Range" not in server.received[1]


def test_server_that_ignores_ranges(server: FileServer, target: Path) -> None:
    server.answers += [cut_after(70_000), without_ranges]
    fetch(server.url, target, sha256=digest(server), patience=QUICK)
    assert target.read_bytes() == server.body


def test_server_that_has_no_validator_is_asked_for_everything(server: FileServer, target: Path) -> None:
    server.etag = 'W/"weak"'
    server.answers.append(cut_after(70_000))
    fetch(server.url, target, sha256=digest(server), patience=QUICK)
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
    fetch(server.url, target, sha256=digest(server), patience=QUICK)
    assert server.received[1]["If-Range"] == date
    assert server.received[1]["Range"] == "bytes=70000-"


@pytest.mark.parametrize("extra", [b"", b"too much"], ids=["complete", "too long"])
def test_nothing_left_to_send(server: FileServer, target: Path, extra: bytes) -> None:
    """416: taken as done only if the part is as long as the file."""
    server.answers.append(cut_after(70_000))
    with pytest.raises(DownloadFailed):
        fetch(server.url, target, sha256=None, patience=Patience(retries=0))
    target.with_name("weights.pt.part").write_bytes(server.body + extra)
    fetch(server.url, target, sha256=digest(server), patience=QUICK)
    assert target.read_bytes() == server.body
    assert len(server.received) == (3 if extra else 2)


def test_chunked_without_length(server: FileServer, target: Path) -> None:
    server.answers.append(chunked)
    fetch(server.url, target, sha256=digest(server), patience=QUICK)
    assert target.read_bytes() == server.body


@pytest.mark.parametrize("answer", [without_ranges, chunked], ids=["announced", "not announced"])
@pytest.mark.parametrize("off", [-1, 1])
def test_wrong_size(server: FileServer, target: Path, answer: object, off: int) -> None:
    size = len(server.body) + off
    server.answers += [answer] * 3
    expected = DownloadFailed if off == 1 and answer is chunked else WeightsDamaged
    with pytest.raises(expected, match=rf"{size:,}"):
        fetch(server.url, target, sha256=None, size=size, patience=QUICK)
    assert "weights.pt" not in leftovers(target)


def test_wrong_digest_leaves_nothing(server: FileServer, target: Path) -> None:
    with pytest.raises(WeightsDamaged, match=f"{digest(server)} where {'0' * 64} is expected; try again"):
        fetch(server.url, target, sha256="0" * 64, patience=QUICK)
    assert leftovers(target) == []


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_final_refusal_is_not_retried(server: FileServer, target: Path, code: int) -> None:
    server.answers.append(status(code))
    with pytest.raises(DownloadFailed, match=str(code)):
        fetch(server.url, target, sha256=None, patience=QUICK)
    assert len(server.received) == 1


@pytest.mark.parametrize("code", [408, 429, 500, 503])
def test_passing_trouble_is_retried(server: FileServer, target: Path, code: int) -> None:
    server.answers += [status(code), status(code)]
    assert fetch(server.url, target, sha256=None, patience=QUICK) == digest(server)


def test_lasting_trouble_is_given_up_on(server: FileServer, target: Path) -> None:
    server.answers += [status(500)] * 9
    with pytest.raises(DownloadFailed, match="500"):
        fetch(server.url, target, sha256=None, patience=QUICK)
    assert len(server.received) == 1 + QUICK.retries


def test_refused_connection(target: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(DownloadFailed, match=r"cannot be reached; connect to the internet"):
        fetch(f"http://127.0.0.1:{port}/weights.pt", target, sha256=None, patience=QUICK)


@pytest.mark.parametrize("answer", [silent, dripping])
def test_server_that_never_ends(server: FileServer, target: Path, answer: object) -> None:
    server.answers.append(answer)
    with pytest.raises(DownloadFailed, match=r"silent|only"):
        fetch(server.url, target, sha256=None, patience=Patience(retries=0, timeout=0.3))


def test_compressed_answer_is_refused(server: FileServer, target: Path) -> None:
    packed = gzip.compress(server.body)
    server.answers.append(
        lambda answer: (
            answer.head(200, Content_Length=len(packed), Content_Encoding="gzip"),
            answer.wfile.write(packed),
        )
    )
    with pytest.raises(DownloadFailed, match="compressed"):
        fetch(server.url, target, sha256=None, patience=QUICK)


def test_redirects_are_followed(server: FileServer, target: Path) -> None:
    server.answers += [status(302, Location="/elsewhere"), status(307, Location=server.url)]
    assert fetch(server.url, target, sha256=None) == digest(server)


def test_endless_redirects(server: FileServer, target: Path) -> None:
    server.answers += [status(302, Location="/again")] * 200
    with pytest.raises(DownloadFailed, match="redirects"):
        fetch(server.url, target, sha256=None, patience=QUICK)


@pytest.mark.parametrize(
    "address", ["http://example.org/w.pt", "ftp://127.0.0.1/w.pt", "file:///w.pt", "w.pt"]
)
def test_only_https(server: FileServer, target: Path, address: str) -> None:
    with pytest.raises(DownloadFailed, match="not an https address"):
        fetch(address, target, sha256=None, patience=QUICK)
    if "://" in address:
        server.answers.append(status(302, Location=address))
        with pytest.raises(DownloadFailed, match="not an https address"):
            fetch(server.url, target, sha256=None, patience=QUICK)


def test_folder_that_cannot_be_made(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ModelError, match="cannot be written"):
        fetch(server.url, tmp_path / "file" / "weights.pt", sha256=None, patience=QUICK)


def test_two_processes_at_once(server: FileServer, target: Path) -> None:
    """The second waits for the first and finds the file done."""
    server.answers += [slow, slow]
    program = (
        "import sys; from pathlib import Path; from facenet_app.weights.fetch import fetch\n"
        "print(fetch(sys.argv[1], Path(sys.argv[2]), sha256=sys.argv[3]))"
    )
    command = [sys.executable, "-c", program, server.url, str(target), digest(server)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [digest(server)] * 2
    assert len(server.received) == 1
    assert target.read_bytes() == server.body


def test_waiting_for_another_process_ends(server: FileServer, target: Path) -> None:
    target.parent.mkdir()
    program = (
        "import sys; from pathlib import Path; from facenet_app.weights.fetch import only_one\n"
        "with only_one(Path(sys.argv[1]), 1): print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(DownloadFailed, match="another process"):
            fetch(server.url, target, sha256=None, patience=Patience(wait=0.1))
        other.communicate()
    assert server.received == []

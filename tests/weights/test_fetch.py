"""Downloads against a real server: whole, refused, slow, twice at once."""

import gzip
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from downloads import QUICK, leftovers
from file_server import FileServer, chunked, dripping, silent, slow, status, without_ranges

from facenet_app.errors import DownloadFailed, ModelError, WeightsDamaged
from facenet_app.weights.fetch import Patience, fetch


def test_whole_file(server: FileServer, target: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    result = fetch(
        server.url,
        target,
        sha256=server.digest,
        size=len(server.body),
        progress=lambda done, total: seen.append((done, total)),
    )
    assert result == server.digest
    assert target.read_bytes() == server.body
    assert leftovers(target) == ["weights.pt"]
    assert seen[-1] == (len(server.body), len(server.body))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_digest_is_returned_if_none_is_known(server: FileServer, target: Path) -> None:
    assert fetch(server.url, target, sha256=None) == server.digest


def test_file_that_is_there_is_not_fetched_again(server: FileServer, target: Path) -> None:
    for _ in range(2):
        fetch(server.url, target, sha256=server.digest)
    assert len(server.received) == 1


def test_damaged_file_that_is_there_is_replaced(server: FileServer, target: Path) -> None:
    target.parent.mkdir()
    target.write_bytes(b"damaged")
    fetch(server.url, target, sha256=server.digest)
    assert target.read_bytes() == server.body


def test_chunked_without_length(server: FileServer, target: Path) -> None:
    server.answers.append(chunked)
    fetch(server.url, target, sha256=server.digest, patience=QUICK)
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
    with pytest.raises(WeightsDamaged, match=f"{server.digest} where {'0' * 64} is expected; try again"):
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
    assert fetch(server.url, target, sha256=None, patience=QUICK) == server.digest


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
    assert fetch(server.url, target, sha256=None) == server.digest


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
    command = [sys.executable, "-c", program, server.url, str(target), server.digest]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == [server.digest] * 2
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

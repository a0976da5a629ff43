"""``facenet-app serve --no-page`` as a process: what it says, logs, answers, and how it ends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from facenet_app.access.access_file import AccessFile
from facenet_app.access.scope import Scope
from facenet_app.client import FaceClient

NAME = "Eileen Collins"


@pytest.fixture
def serve(tmp_path: Path, verifier: object) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the server on a free port; the model is converted already."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "facenet_app.cli.main", "serve", "--no-page", "--port", "0", *arguments],
            env={**os.environ, "FACENET_APP_ACCESS": str(tmp_path / "access.json"), "TMPDIR": str(tmp_path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def address_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"https?://[\d.:]+\d", line):
            return found[0]
    assert process.stderr is not None
    pytest.fail(process.stderr.read())


def test_the_log_names_nobody_and_the_end_is_clean(serve, tmp_path: Path, astronaut: Path) -> None:
    process = serve("--gallery", str(tmp_path / "people.db"))
    address = address_of(process)
    with FaceClient(address) as client:
        client.enroll(NAME, [astronaut])
        assert client.identify(astronaut)["faces"][0]["name"] == NAME
    with requests.Session() as session:
        session.trust_env = False
        assert session.get(f"{address}/", timeout=20).status_code == 404
        forged = {"Origin": "https://evil.example"}
        assert session.post(f"{address}/api/v1/verify", headers=forged, timeout=20).status_code == 403
        rebound = {"Host": "evil.example"}
        assert session.get(f"{address}/api/v1/health", headers=rebound, timeout=20).status_code == 421
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    lines = [json.loads(line) for line in err.splitlines()]
    assert [(line["route"], line["status"]) for line in lines] == [("/identities", 201), ("/identify", 200)]
    assert all(re.fullmatch("[0-9a-f]{32}", line["request_id"]) for line in lines)
    assert all(line["actor"] == "local" for line in lines)
    assert NAME not in err
    assert "Eileen" not in err
    assert {path.name for path in tmp_path.iterdir()} <= {"people.db", "people.db-wal", "people.db-shm"}


def test_over_tls_on_another_address_with_a_key(serve, tmp_path: Path, astronaut: Path) -> None:
    certificate, private = self_signed(tmp_path)
    key, _ = AccessFile(tmp_path / "access.json").create_key("gate", frozenset({Scope.VERIFY}), None)
    process = serve("--host", "0.0.0.0", "--tls-cert", str(certificate), "--tls-key", str(private))
    address = address_of(process).replace("0.0.0.0", "127.0.0.1")
    assert address.startswith("https://")
    with FaceClient(address, key, verify_tls=str(certificate)) as client:
        assert client.verify(astronaut, astronaut)["decision"] == "match"
    with FaceClient(address, verify_tls=str(certificate)) as stranger:
        assert stranger.is_ready()
        answer = stranger._ask("GET", "/models")
        assert answer.status_code == 401
        assert "max-age" in answer.headers["Strict-Transport-Security"]


SIGNALLED_IN_A_FINALIZER = """
import os, signal
from facenet_app.server.serve import serve
from facenet_app.settings import load_settings

class Finalized:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

def say(line):
    if "http" in line:
        Finalized()

serve(load_settings(page=False, port=0), say)
"""


def test_a_signal_in_the_moment_before_the_server_listens_to_signals(tmp_path: Path, verifier) -> None:
    """Python drops an exception in a finalizer; the server went on for ever if SIGTERM came just then."""
    ended = subprocess.run(
        [sys.executable, "-c", SIGNALLED_IN_A_FINALIZER],
        env={**os.environ, "FACENET_APP_GALLERY": str(tmp_path / "people.db"), "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Exception ignored in" in ended.stderr
    assert ended.returncode == 0


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(private, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"

"""Checkpoints from elsewhere: verified, never executed, converted once."""

import hashlib
import io
import os
import pickle
import threading
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import torch
from file_server import FileServer, slow, status
from torch import Tensor

from facenet_app.errors import DownloadFailed, ModelError, WeightsDamaged, WeightsMissing
from facenet_app.weights.checkpoint import fetch_model, read_checkpoint
from facenet_app.weights.fetch import Patience
from facenet_app.weights.manifest import Manifest, Preprocessing, Source
from facenet_app.weights.store import read_safetensors

QUICK = Patience(retries=1, timeout=5, pause=0)


def checkpoint(value: float = 1.0, *, zipped: bool = True) -> bytes:
    file = io.BytesIO()
    torch.save({"weight": torch.full((3, 2), value)}, file, _use_new_zipfile_serialization=zipped)
    return file.getvalue()


class Malicious:
    """Pickled, a call that makes a folder wherever it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.trace),)


@pytest.fixture
def manifest(server: FileServer) -> Manifest:
    server.body = checkpoint()
    return Manifest(
        id="tiny",
        title="A tiny model",
        network="tiny",
        dimension=2,
        detector="mtcnn",
        license="MIT",
        preprocessing=Preprocessing("box-160", 127.5, 0.0078125),
        source=Source("download", "pt", server.url),
        operating_points=(),
    )


def with_digest(manifest: Manifest, data: bytes) -> Manifest:
    return replace(
        manifest, source=replace(manifest.source, sha256=hashlib.sha256(data).hexdigest(), size=len(data))
    )


def files(cache: Path) -> set[str]:
    return {path.suffix for path in (cache / "weights").iterdir() if path.suffix != ".lock"}


@pytest.mark.parametrize("known", [True, False], ids=["published digest", "no digest"])
def test_download_is_converted_and_recorded(
    manifest: Manifest, server: FileServer, tmp_path: Path, known: bool
) -> None:
    wanted = with_digest(manifest, server.body) if known else manifest
    weights = fetch_model(wanted, tmp_path, dict)
    assert weights.source_sha256 == hashlib.sha256(server.body).hexdigest()
    assert torch.equal(read_safetensors(weights)["weight"], torch.ones(3, 2))
    assert files(tmp_path) == {".safetensors", ".json"}  # no pickle is left behind


def test_second_call_neither_downloads_nor_converts(
    manifest: Manifest, server: FileServer, tmp_path: Path
) -> None:
    calls: list[int] = []

    def convert(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
        calls.append(1)
        return dict(tensors)

    assert fetch_model(manifest, tmp_path, convert) == fetch_model(manifest, tmp_path, convert)
    assert len(calls) == len(server.received) == 1


def test_damaged_copy_is_made_again(manifest: Manifest, server: FileServer, tmp_path: Path) -> None:
    weights = fetch_model(manifest, tmp_path, dict)
    weights.path.write_bytes(b"damaged")
    assert read_safetensors(fetch_model(manifest, tmp_path, dict)).keys() == {"weight"}


def test_first_digest_binds_later_downloads(manifest: Manifest, server: FileServer, tmp_path: Path) -> None:
    fetch_model(manifest, tmp_path, dict).path.unlink()
    server.body = checkpoint(2.0)
    with pytest.raises(WeightsDamaged, match="SHA-256"):
        fetch_model(manifest, tmp_path, dict, patience=QUICK)


def test_from_file(manifest: Manifest, server: FileServer, tmp_path: Path) -> None:
    file = tmp_path / "fetched elsewhere.pt"
    file.write_bytes(server.body)
    weights = fetch_model(with_digest(manifest, server.body), tmp_path / "cache", dict, from_file=file)
    assert torch.equal(read_safetensors(weights)["weight"], torch.ones(3, 2))
    assert file.read_bytes() == server.body
    assert server.received == []


def test_from_wrong_file(manifest: Manifest, server: FileServer, tmp_path: Path) -> None:
    file = tmp_path / "other.pt"
    known = with_digest(manifest, server.body)
    file.write_bytes(checkpoint(2.0))
    with pytest.raises(WeightsDamaged, match=r"SHA-256 .* is expected; fetch http"):
        fetch_model(known, tmp_path, dict, from_file=file)
    file.write_bytes(server.body + b"!")
    with pytest.raises(WeightsDamaged, match=rf"{len(server.body) + 1:,} bytes where {len(server.body):,}"):
        fetch_model(known, tmp_path, dict, from_file=file)
    assert files(tmp_path) == set()


@pytest.mark.parametrize("name", ["missing.pt", "."])
def test_from_unreadable_file(manifest: Manifest, tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsMissing, match="cannot be read"):
        fetch_model(manifest, tmp_path, dict, from_file=tmp_path / name)


def test_offline_says_how_to_go_on(manifest: Manifest, server: FileServer, tmp_path: Path) -> None:
    server.answers.append(status(404))
    with pytest.raises(DownloadFailed) as caught:
        fetch_model(manifest, tmp_path, dict, patience=QUICK)
    assert f"fetch {server.url} elsewhere" in caught.value.hint
    assert "`facenet-app models fetch tiny --from-file FILE`" in caught.value.hint


def test_model_that_is_no_download(manifest: Manifest, tmp_path: Path) -> None:
    packaged = replace(manifest, source=replace(manifest.source, kind="package"))
    with pytest.raises(ModelError, match="not fetched"):
        fetch_model(packaged, tmp_path, dict)


@pytest.mark.parametrize("form", ["pickle 2", "pickle 4", "torch", "torch before 1.6"])
def test_malicious_file_is_not_executed(
    manifest: Manifest, server: FileServer, tmp_path: Path, form: str
) -> None:
    trace = tmp_path / "trace"
    file = io.BytesIO()
    if form.startswith("pickle"):
        pickle.dump(Malicious(trace), file, protocol=int(form[-1]))
    else:
        torch.save({"weight": Malicious(trace)}, file, _use_new_zipfile_serialization=form == "torch")
    server.body = file.getvalue()
    with pytest.raises(WeightsDamaged, match="was not loaded"):
        fetch_model(manifest, tmp_path, dict)
    assert not trace.exists()
    assert files(tmp_path) == set()
    pickle.loads(pickle.dumps(Malicious(trace)))  # the trap works
    assert trace.exists()


@pytest.mark.parametrize("content", [[torch.ones(1)], {"weight": 1.0}, torch.ones(1)])
def test_other_content_is_refused(content: object) -> None:
    file = io.BytesIO()
    torch.save(content, file)
    with pytest.raises(WeightsDamaged, match="not a dict of tensors"):
        read_checkpoint(file.getvalue())


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("keep", [0, 1, 20, 200, -1, -200])
def test_truncated_file_is_refused(zipped: bool, keep: int) -> None:
    with pytest.raises(WeightsDamaged):
        read_checkpoint(checkpoint(zipped=zipped)[:keep])


@pytest.mark.parametrize("data", [b"<!DOCTYPE html><title>Sign in</title>", bytes(5000), b"PK\x03\x04" * 99])
def test_something_else_is_refused(data: bytes) -> None:
    with pytest.raises(WeightsDamaged):
        read_checkpoint(data)


@pytest.mark.parametrize("zipped", [True, False])
def test_damaged_bytes_never_end_in_another_error(zipped: bool) -> None:
    """Whatever PyTorch's reader stumbles over is reported as damage; damaged numbers go unnoticed."""
    random = Random(1)
    whole, refused = checkpoint(zipped=zipped), 0
    for _ in range(400):
        data = bytearray(whole)
        data[random.randrange(min(len(data), 700))] = random.randrange(256)
        try:
            assert read_checkpoint(bytes(data))
        except WeightsDamaged:
            refused += 1
    assert refused > 100


def test_several_at_once(manifest: Manifest, server: FileServer, tmp_path: Path) -> None:
    server.answers += [slow] * 3
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch_model(manifest, tmp_path, dict))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(found) == 3
    assert len(set(found)) == len(server.received) == 1

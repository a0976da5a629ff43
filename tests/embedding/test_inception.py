"""Inception-ResNet-v1: its contract, and published checkpoints fitting it or not."""

import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from facenet_pytorch.models.inception_resnet_v1 import InceptionResnetV1
from torch import Tensor

from facenet_app.embedding.inception import inception_resnet_v1, state_from_checkpoint
from facenet_app.embedding.networks import load_network
from facenet_app.errors import WeightsDamaged, WeightsMissing
from facenet_app.weights.checkpoint import fetch_model, read_checkpoint
from facenet_app.weights.manifest import load_manifest


@pytest.fixture(scope="module")
def published() -> dict[str, Tensor]:
    """What a published checkpoint holds: the network with a classification layer."""
    torch.manual_seed(0)
    state: dict[str, Tensor] = InceptionResnetV1(classify=True, num_classes=7).state_dict()
    return state


def test_embeddings_are_512_dimensional_unit_vectors() -> None:
    network = inception_resnet_v1().eval()
    with torch.inference_mode():
        embeddings = network(torch.randn(2, 3, 160, 160))
    assert embeddings.shape == (2, 512)
    assert embeddings.dtype == torch.float32
    torch.testing.assert_close(embeddings.norm(dim=1), torch.ones(2))


def test_nothing_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    names = inception_resnet_v1().state_dict().keys()
    assert not [name for name in names if name.startswith("logits.")]


def test_import_is_light() -> None:
    program = (
        "import sys, facenet_app.embedding.inception\n"
        "print([name for name in ('torch', 'torchvision', 'facenet_pytorch') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_checkpoint_of_the_publisher_s_format(published: dict[str, Tensor], tmp_path: Path) -> None:
    """The published files are in the format of PyTorch before 1.6, which is no zip archive."""
    file = tmp_path / "published.pt"
    torch.save(published, file, _use_new_zipfile_serialization=False)
    data = file.read_bytes()
    file.unlink()
    network = inception_resnet_v1()
    network.load_state_dict(state_from_checkpoint(read_checkpoint(data)))
    torch.testing.assert_close(network.state_dict()["last_linear.weight"], published["last_linear.weight"])


def test_conversion_changes_no_embedding(published: dict[str, Tensor]) -> None:
    original = InceptionResnetV1(classify=True, num_classes=7).eval()
    original.load_state_dict(published)
    original.classify = False
    network = inception_resnet_v1().eval()
    network.load_state_dict(state_from_checkpoint(published))
    faces = torch.randn(1, 3, 96, 96)  # smaller than the real thing, for speed
    with torch.inference_mode():
        torch.testing.assert_close(network(faces), original(faces), rtol=0, atol=0)


def test_missing_tensor(published: dict[str, Tensor]) -> None:
    lacking = {name: tensor for name, tensor in published.items() if name != "last_bn.bias"}
    with pytest.raises(WeightsDamaged, match=r"lacks 1 tensors .* 0 others .*last_bn\.bias"):
        state_from_checkpoint(lacking)


def test_unknown_tensor(published: dict[str, Tensor]) -> None:
    with pytest.raises(WeightsDamaged, match=r"lacks 0 tensors .* 1 others .*extra"):
        state_from_checkpoint({**published, "extra": torch.ones(1)})


@pytest.mark.parametrize("other", [torch.ones(128), torch.ones(512, dtype=torch.float16)])
def test_tensor_of_another_shape_or_kind(published: dict[str, Tensor], other: Tensor) -> None:
    with pytest.raises(WeightsDamaged, match=r"last_bn\.bias .* where .*float32 \(512,\)"):
        state_from_checkpoint({**published, "last_bn.bias": other})


@pytest.mark.parametrize("model_id", ["facenet-vggface2", "facenet-casia"])
def test_manifests(model_id: str) -> None:
    manifest = load_manifest(model_id)
    assert (manifest.network, manifest.dimension, manifest.detector) == ("inception_resnet_v1", 512, "mtcnn")
    preprocessing = manifest.preprocessing
    assert (preprocessing.alignment, preprocessing.mean, preprocessing.scale) == ("box-160", 127.5, 1 / 128)
    assert manifest.operating_points == ()


def test_other_file_than_the_published_one_is_refused(published: dict[str, Tensor], tmp_path: Path) -> None:
    file = tmp_path / "other.pt"
    torch.save({"last_bn.bias": published["last_bn.bias"]}, file)
    with pytest.raises(WeightsDamaged, match=r"bytes where 115,887,415 are expected"):
        fetch_model(load_manifest("facenet-casia"), tmp_path, state_from_checkpoint, from_file=file)


def test_from_a_checkpoint_file_to_a_network_in_use(published: dict[str, Tensor], tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.pt"
    torch.save(published, file, _use_new_zipfile_serialization=False)
    manifest = load_manifest("facenet-vggface2")
    source = replace(manifest.source, sha256=None, size=file.stat().st_size)  # random weights, seven classes
    manifest = replace(manifest, source=source)
    with pytest.raises(WeightsMissing, match="models fetch facenet-vggface2"):
        load_network(manifest, tmp_path)
    weights = fetch_model(manifest, tmp_path, state_from_checkpoint, from_file=file)
    network = load_network(manifest, tmp_path)
    assert not network.training
    assert torch.equal(network.state_dict()["last_linear.weight"], published["last_linear.weight"])
    weights.path.unlink()  # 90 MB, which pytest would keep for a while
    file.unlink()

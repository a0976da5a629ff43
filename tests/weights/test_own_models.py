"""Models of the user: folders with a manifest and the weights beside it."""

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from facenet_app.embedding.networks import build_network, load_network
from facenet_app.errors import ModelError, UnknownModel, WeightsDamaged, WeightsMissing
from facenet_app.weights.manifest import load_manifest, manifests, model_ids, models_folder
from facenet_app.weights.store import sha256_of


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder of models with one in it: MobileFaceNet in half precision."""
    folder = tmp_path / "models" / "staff-v1"
    folder.mkdir(parents=True)
    weights = folder / "weights.safetensors"
    save_file(
        {name: each.half() for name, each in build_network("mobilefacenet").state_dict().items()}, weights
    )
    write(folder, sha256=sha256_of(weights))
    return folder.parent


def write(folder: Path, **source: object) -> None:
    manifest: dict[str, Any] = {
        "schema": 1,
        "id": folder.name,
        "title": "A test",
        "network": "mobilefacenet",
        "dimension": 128,
        "detector": "yunet",
        "license": "MIT",
        "preprocessing": {"alignment": "five-point-112", "mean": 127.5, "scale": 0.0078125},
        "source": {
            "kind": "file",
            "format": "safetensors",
            "url": "",
            "path": "weights.safetensors",
            **source,
        },
        "operating_points": [],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_it_is_listed_beside_those_of_the_program(own: Path) -> None:
    assert "staff-v1" in model_ids(own)
    assert "staff-v1" not in model_ids()
    assert "sface" in model_ids(own)
    assert {manifest.id for manifest in manifests(own)} == set(model_ids(own))


def test_its_weights_are_checked_and_become_float32(own: Path, tmp_path: Path) -> None:
    network = load_network(load_manifest("staff-v1", own), tmp_path)
    assert {str(each.dtype) for each in network.parameters()} == {"torch.float32"}
    (own / "staff-v1" / "weights.safetensors").write_bytes(b"other bytes")
    with pytest.raises(WeightsDamaged):
        load_network(load_manifest("staff-v1", own), tmp_path)
    (own / "staff-v1" / "weights.safetensors").unlink()
    with pytest.raises(WeightsMissing, match="models add"):
        load_network(load_manifest("staff-v1", own), tmp_path)


def test_a_folder_is_a_model_by_its_path(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_manifest(str(own / "staff-v1")).id == "staff-v1"
    monkeypatch.chdir(own)
    assert load_manifest("./staff-v1").id == "staff-v1"
    run = own / "run"
    (own / "staff-v1").rename(own / "model")
    run.mkdir()
    (own / "model").rename(run / "model")
    assert load_manifest(str(run)).folder == run / "model"
    with pytest.raises(UnknownModel, match="there is no model in"):
        load_manifest(str(own))


def test_a_model_of_the_program_comes_first(own: Path) -> None:
    (own / "staff-v1").rename(own / "sface")
    assert load_manifest("sface", own).folder == models_folder() / "sface"


@pytest.mark.parametrize("source", [{"sha256": None}, {"sha256": "0" * 64, "path": "../../secret"}])
def test_weights_without_a_digest_or_elsewhere_are_refused(own: Path, source: dict[str, object]) -> None:
    write(own / "staff-v1", **source)
    with pytest.raises(ModelError, match="a digest and a plain file name"):
        load_manifest("staff-v1", own)


def test_an_id_that_would_be_a_path_is_refused(own: Path) -> None:
    path = own / "staff-v1" / "manifest.json"
    path.write_text(path.read_text().replace('"id": "staff-v1"', '"id": "../elsewhere"'))
    with pytest.raises(ModelError, match="cannot be an id"):
        load_manifest("staff-v1", own)

"""SFace: our PyTorch copy against ONNX Runtime on the file it was read from, and the engines."""

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import openvino
import pytest
import torch
from numpy.typing import NDArray

from facenet_app.bootstrap import open_extractor
from facenet_app.domain import FaceCrop
from facenet_app.embedding.embedder import embedding_fingerprint
from facenet_app.embedding.networks import load_network
from facenet_app.errors import DeviceUnavailable, ModelError, ModelMismatch
from facenet_app.extraction import FaceExtractor
from facenet_app.service import FaceService
from facenet_app.settings import load_settings
from facenet_app.weights.manifest import load_manifest
from facenet_app.weights.store import package_file


@pytest.fixture(scope="module")
def crops(verifier: FaceService, astronaut: Path, hopper: Path) -> list[FaceCrop]:
    """Real faces, and variants of them: mirrored, darker."""
    faces = [verifier.extractor.extract(path).face.crop for path in (astronaut, hopper)]
    mirrored = [FaceCrop(np.ascontiguousarray(face.pixels[:, ::-1]), face.alignment) for face in faces]
    darker = [FaceCrop((face.pixels * 0.5).astype(np.uint8), face.alignment) for face in faces]
    return [*faces, *mirrored, *darker]


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_agrees_with_onnx_runtime_on_real_faces(crops: list[FaceCrop], model_cache: Path) -> None:
    manifest = load_manifest("sface")
    model = onnx.load(package_file(manifest.source.package, manifest.source.path))
    del model.graph.input[1:]  # the file lists its weights as inputs
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    faces = np.stack([crop.pixels for crop in crops]).transpose(0, 3, 1, 2).astype(np.float32)
    theirs = np.concatenate([session.run(None, {"data": face[None]})[0] for face in faces])
    network = load_network(manifest, model_cache)
    with torch.inference_mode():
        ours = network((torch.from_numpy(faces) - 127.5) / 128).numpy()
    # The raw outputs have norms around 10; compared where they are used, on the unit sphere.
    np.testing.assert_allclose(unit(ours), unit(theirs), atol=1e-5)


@pytest.fixture(scope="module")
def torch_extractor() -> FaceExtractor:
    return open_extractor(load_settings(engine="torch", device="cpu"))


def test_engines_agree(verifier: FaceService, torch_extractor: FaceExtractor, crops: list[FaceCrop]) -> None:
    assert verifier.extractor.embedder.engine.name == "openvino"
    assert torch_extractor.embedder.engine.name == "torch"
    assert torch_extractor.fingerprint == verifier.extractor.fingerprint
    np.testing.assert_allclose(
        torch_extractor.embedder.vectors(crops), verifier.extractor.embedder.vectors(crops), atol=1e-4
    )


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_alone_or_in_a_batch_of_any_size(
    engine: str, verifier: FaceService, torch_extractor: FaceExtractor, crops: list[FaceCrop]
) -> None:
    embedder = (torch_extractor if engine == "torch" else verifier.extractor).embedder
    many = (crops * 4)[:19]
    together = embedder.vectors(many)
    alone = np.concatenate([embedder.vectors([crop]) for crop in many])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    assert embedder.vectors([]).size == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux where threads may run")
def test_no_thread_is_pinned_to_a_core(verifier: FaceService, crops: list[FaceCrop]) -> None:
    """Else several processes with a thread each, such as those of bulk enrollment, share the first core."""
    embedder, everywhere = FaceService.open(threads=1).extractor.embedder, os.sched_getaffinity(0)
    working = threading.Thread(target=lambda: [embedder.embed(crops) for _ in range(5)])
    seen = set()
    working.start()
    while working.is_alive():
        for task in Path("/proc/self/task").iterdir():
            with suppress(ProcessLookupError):  # it ended meanwhile
                seen.add(frozenset(os.sched_getaffinity(int(task.name))))
    assert seen == {frozenset(everywhere)}


def test_mirror_averages_both_and_has_its_own_fingerprint(
    verifier: FaceService, crops: list[FaceCrop]
) -> None:
    mirror = open_extractor(load_settings(mirror=True)).embedder
    plain = verifier.extractor.embedder
    expected = unit(plain.vectors(crops[:2]) + plain.vectors(crops[2:4]))
    np.testing.assert_allclose(mirror.vectors(crops[:2]), expected, atol=1e-5)
    assert mirror.fingerprint != plain.fingerprint


def test_crops_of_another_alignment_are_refused(verifier: FaceService) -> None:
    with pytest.raises(ModelMismatch, match="box-160"):
        verifier.extractor.embedder.embed([FaceCrop(np.zeros((160, 160, 3), np.uint8), "box-160")])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_device_that_is_not_there_is_named() -> None:
    with pytest.raises(DeviceUnavailable, match=r"cuda:1.*CUDA.*--device cpu"):
        open_extractor(load_settings(device="cuda:1"))


def test_openvino_and_a_gpu_exclude_each_other() -> None:
    with pytest.raises(DeviceUnavailable, match="OpenVINO engine runs on the CPU"):
        open_extractor(load_settings(engine="openvino", device="cuda"))


def test_a_damaged_cache_is_mended(
    tmp_path: Path, crops: list[FaceCrop], verifier: FaceService, caplog: pytest.LogCaptureFixture
) -> None:
    settings = load_settings(cache=tmp_path)
    open_extractor(settings)
    assert "done once" in caplog.text
    caplog.clear()
    open_extractor(settings)
    assert not caplog.text
    for pattern in ("openvino/*.bin", "weights/*.safetensors"):
        (file,) = tmp_path.glob(pattern)
        damaged = bytearray(file.read_bytes())
        damaged[len(damaged) // 2] ^= 0xFF
        file.write_bytes(damaged)
    again = open_extractor(settings).embedder
    np.testing.assert_allclose(again.vectors(crops), verifier.extractor.embedder.vectors(crops), atol=1e-6)


def test_the_fingerprint_follows_weights_and_preprocessing() -> None:
    manifest = load_manifest("sface")
    assert embedding_fingerprint(manifest, load_settings()) == manifest.fingerprint(
        manifest.source.sha256 or ""
    )
    assert manifest.fingerprint("0" * 64) != manifest.fingerprint("1" * 64)
    assert all(
        point.fingerprint.startswith(embedding_fingerprint(manifest, load_settings()))
        for point in manifest.operating_points
    )


def test_half_precision_has_its_own_fingerprint_and_stays_close(
    verifier: FaceService, crops: list[FaceCrop]
) -> None:
    plain, half = load_settings(), load_settings(precision="half")
    manifest = load_manifest("sface")
    assert embedding_fingerprint(manifest, half) == f"{embedding_fingerprint(manifest, plain)}-half"
    with pytest.raises(DeviceUnavailable, match="half precision needs CUDA"):
        open_extractor(load_settings(precision="half", engine="torch", device="cpu"))
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        with pytest.raises(DeviceUnavailable, match="no bfloat16"):
            open_extractor(half)
        return
    quick = open_extractor(half).embedder
    np.testing.assert_allclose(quick.vectors(crops), verifier.extractor.embedder.vectors(crops), atol=2e-2)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here")
@pytest.mark.parametrize(("precision", "allowed"), [("float32", 1e-4), ("half", 5e-3)])
def test_cuda_agrees(precision: str, allowed: float, verifier: FaceService, crops: list[FaceCrop]) -> None:
    on_gpu = open_extractor(load_settings(device="cuda", precision=precision)).embedder
    np.testing.assert_allclose(
        on_gpu.vectors(crops), verifier.extractor.embedder.vectors(crops), atol=allowed
    )


def test_a_cache_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(ModelError, match=r"cannot be written.*FACENET_APP_CACHE"):
        open_extractor(load_settings(cache=blocked / "cache"))

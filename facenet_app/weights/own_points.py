"""Operating points that were measured on this machine, kept beside the models' manifests.

An installed manifest may not be writable, and an update replaces it. So ``<folder>/<model>.json``
holds what `facenet-app calibrate` measured; it is data of the user, not a cache.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from facenet_app.domain import OperatingPoint
from facenet_app.errors import ModelError
from facenet_app.weights.store import write_aside

__all__ = ["read_own_points", "write_own_points"]

SCHEMA: Final = 1


def read_own_points(folder: Path, model: str) -> tuple[OperatingPoint, ...]:
    """The points measured here for a model, of all its fingerprints; none if there is no file.

    Raises:
        ModelError: the file cannot be read.
    """
    path = folder / f"{model}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ValueError(f"schema {data['schema']}, not {SCHEMA}")
        return tuple(OperatingPoint.from_dict(point) for point in data["operating_points"])
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"the operating points in {path} cannot be read ({error})",
            "delete the file and run `facenet-app calibrate` again",
        ) from error


def write_own_points(folder: Path, model: str, points: Sequence[OperatingPoint]) -> Path:
    """Keep these points for a model; those of fingerprints that they do not mention stay.

    Returns:
        The file.

    Raises:
        ModelError: the folder cannot be written, or what is in it cannot be read.
    """
    fingerprints = {point.fingerprint for point in points}
    others = [p for p in read_own_points(folder, model) if p.fingerprint not in fingerprints]
    document = {"schema": SCHEMA, "operating_points": [point.to_dict() for point in (*others, *points)]}
    path = folder / f"{model}.json"
    write_aside(path, json.dumps(document, indent=2).encode(), setting="CALIBRATION")
    return path

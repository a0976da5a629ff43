"""Models of the user: put into their folder whole, under a name."""

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from facenet_app.errors import ModelError, UnknownModel, UsageError
from facenet_app.weights.manifest import VALID_ID, Manifest, model_ids, read_manifest
from facenet_app.weights.store import beside, make_folder, verified, writing_to

__all__ = ["add_model"]

WEIGHTS = "weights.safetensors"


def add_model(source: Path, name: str, own: Path) -> Manifest:
    """Copy a model into the user's folder: manifest, card and weights, whose digest is checked.

    Its fingerprint stays the same, so galleries and operating points of the original fit.

    Args:
        source: folder of a training run, or a folder with a manifest and weights beside it.
        name: the new id.
        own: the user's folder, ``Settings.models``.

    Raises:
        UsageError: the name cannot be one, or is taken.
        ModelError: there is no such model, or its weights are missing or damaged; or ``own`` cannot be
            written.
    """
    if not VALID_ID.fullmatch(name):
        raise UsageError(
            f"a model cannot be called {name!r}",
            "use letters, digits, dots, dashes and underscores, beginning with a letter or digit",
        )
    if name in model_ids(own):
        raise UsageError(f"there is a model {name} already", f"choose another name, or delete {own / name}")
    manifest = _manifest(source)
    weights = beside(manifest)
    verified(weights.path, weights.sha256, weights.path.name)
    added = replace(manifest, id=name, source=replace(manifest.source, path=WEIGHTS), folder=own / name)
    make_folder(own, setting="MODELS")
    with writing_to(own, "MODELS"), tempfile.TemporaryDirectory(dir=own, prefix=".") as aside:
        folder = Path(aside) / name
        folder.mkdir()
        shutil.copyfile(weights.path, folder / WEIGHTS)
        (folder / "manifest.json").write_text(json.dumps(added.to_dict(), indent=2) + "\n", encoding="utf-8")
        card = manifest.folder / "README.md"
        if card.is_file():
            shutil.copyfile(card, folder / card.name)
        folder.rename(own / name)
    return added


def _manifest(source: Path) -> Manifest:
    folder = source / "model" if (source / "model").is_dir() else source
    try:
        manifest = read_manifest(folder)
    except UnknownModel as error:
        if folder == source or not any(folder.glob("*.safetensors")):
            raise
        raise ModelError(
            f"the weights of {source} cannot be used by name: no network of the program was trained, or "
            "pictures that are not aligned as it aligns faces",
            "use them from Python",
        ) from error
    if manifest.source.kind != "file":
        raise ModelError(f"{source} holds no weights of its own", "give the folder of a training run")
    return manifest

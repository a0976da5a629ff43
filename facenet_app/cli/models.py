"""``facenet-app models``: which models there are, what is known of them, and getting their weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from facenet_app.cli.options import Given, examples, model_ids, takes
from facenet_app.cli.progress import progress_bar
from facenet_app.cli.run import emit
from facenet_app.errors import WeightsMissing

if TYPE_CHECKING:
    from facenet_app.settings import Settings
    from facenet_app.weights.manifest import Manifest

__all__ = ["app", "checked_weights"]

app = typer.Typer(help="Look at the models and get their weights.", rich_markup_mode=None)

ModelId = Annotated[
    str,
    typer.Argument(metavar="ID", help="A model's id, see `models list`.", autocompletion=model_ids),
]


@app.command("list", epilog=examples("models list", "models list --json"))
@takes()
def list_models(given: Given) -> int:
    """List the models, with license and whether weights are here."""
    settings = given.settings()
    from facenet_app.weights.manifest import manifests

    entries = [_entry(manifest, settings) for manifest in manifests(settings.models)]
    lines = []
    for entry in entries:
        rates = ", ".join(f"{rate:g}" for rate in entry["operating_points"])
        lines += [
            f"{entry['id']}  {entry['title']}",
            f"  {entry['dimension']} dimensions, license {entry['license']}",
            f"  weights {'are here' if entry['weights'] else 'have to be fetched'}, "
            + (f"thresholds for false match rates {rates}" if rates else "no thresholds measured yet"),
        ]
    emit({"models": entries}, lines, as_json=given.json)
    return 0


@app.command("show", epilog=examples("models show sface"))
@takes()
def show(model: ModelId, given: Given) -> int:
    """Show all that is known of a model.

    That is its manifest: source, digest, preprocessing, and what was measured with it.
    """
    from facenet_app.weights.manifest import load_manifest

    manifest = load_manifest(model, given.settings().models)
    card = manifest.folder / "README.md"
    document = {**manifest.to_dict(), "card": str(card) if card.is_file() else None}
    emit(document, _described(document), as_json=given.json)
    return 0


@app.command(
    "fetch",
    epilog=examples("models fetch facenet-vggface2", "models fetch facenet-vggface2 --from-file weights.pt"),
)
@takes()
def fetch(
    model: ModelId,
    given: Given,
    from_file: Annotated[
        Path | None,
        typer.Option("--from-file", metavar="FILE", help="The weights, downloaded elsewhere before."),
    ] = None,
) -> int:
    """Download a model's weights.

    They are checked and kept in the cache; nothing is done twice.
    """
    settings = given.settings()
    from facenet_app.weights.manifest import load_manifest

    manifest = load_manifest(model, settings.models)
    cache = settings.cache
    if manifest.source.kind != "download" and from_file is None:
        digest = checked_weights(manifest, cache)
        done = f"the weights of {manifest.id} are on this machine and intact"
    else:
        from facenet_app.embedding.inception import state_from_checkpoint
        from facenet_app.weights.checkpoint import fetch_model

        with progress_bar(f"fetching {manifest.id}", "bytes") as report:
            digest = fetch_model(
                manifest, cache, state_from_checkpoint, from_file=from_file, progress=report
            ).source_sha256
        done = f"the weights of {manifest.id} are here (SHA-256 {digest[:16]}…)"
    emit({"model": manifest.id, "source_sha256": digest}, [done], as_json=given.json)
    return 0


@app.command("add", epilog=examples("models add runs/first --name staff-v1"))
@takes()
def add(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a training run.")],
    given: Given,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call the model.")],
) -> int:
    """Keep the model of a training run under a name.

    From then on --model NAME means it, in every command and on the page.
    """
    settings = given.settings()
    from facenet_app.weights.own_models import add_model

    manifest = add_model(run, name, settings.models)
    assert manifest.source.sha256 is not None
    fingerprint = manifest.fingerprint(manifest.source.sha256)
    document = {"model": name, "fingerprint": fingerprint, "folder": str(manifest.folder)}
    lines = [f"{name} is in {manifest.folder}; use it with --model {name}"]
    if not manifest.operating_points:
        lines.append(f"it has no thresholds yet: facenet-app calibrate --folders DIR --model {name}")
    emit(document, lines, as_json=given.json)
    return 0


def checked_weights(manifest: "Manifest", cache: Path) -> str:
    """The digest of the file that a model's weights come from, once they were found intact.

    Raises:
        WeightsMissing: they are not on this machine.
        WeightsDamaged: they are not what the manifest or the cache's record promises.
    """
    from facenet_app.weights.store import beside, find_cached, package_file, source_sha256, verified

    digest = source_sha256(cache, manifest)
    if manifest.source.kind == "package":
        verified(package_file(manifest.source.package, manifest.source.path), digest, manifest.source.path)
    elif found := beside(manifest) if manifest.source.kind == "file" else find_cached(cache, manifest):
        verified(found.path, found.sha256, found.path.name)
    return digest


def _entry(manifest: "Manifest", settings: "Settings") -> dict[str, Any]:
    from facenet_app.weights.own_points import read_own_points
    from facenet_app.weights.store import beside, package_file, source_sha256

    own = read_own_points(settings.calibration, manifest.id)
    rates = {point.target_fmr for point in (*manifest.operating_points, *own)}
    try:
        source_sha256(settings.cache, manifest)
        if manifest.source.kind == "package":
            package_file(manifest.source.package, manifest.source.path)
        elif manifest.source.kind == "file":
            beside(manifest)
        here = True
    except WeightsMissing:
        here = False
    return {
        "id": manifest.id,
        "title": manifest.title,
        "dimension": manifest.dimension,
        "license": manifest.license,
        "weights": here,
        "operating_points": sorted((rate for rate in rates if rate is not None), reverse=True),
    }


def _described(document: dict[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, value in document.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}:", *_described(value, f"{indent}  ")]
        elif isinstance(value, list):
            lines.append(f"{indent}{name}: {'' if value else 'none'}".rstrip())
            for number, item in enumerate(value, 1):
                lines += [f"{indent}  {number}:", *_described(item, f"{indent}    ")]
        elif value not in (None, ""):
            lines.append(f"{indent}{name}: {value}")
    return lines

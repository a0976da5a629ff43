"""The ``facenet-app`` program: every command in its place, and nothing else."""

import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from facenet_app import __version__
from facenet_app.cli import (
    calibrate,
    data,
    doctor,
    enroll,
    evaluate,
    gallery,
    identify,
    identify_video,
    keys,
    models,
    serve,
    train,
    verify,
)
from facenet_app.cli.run import run

__all__ = ["app", "main"]

app = typer.Typer(
    name="facenet-app",
    help="Verify and identify faces with thresholds that were measured.",
    epilog="Exit codes: 0 done or match; 1 no match, review or nobody known; 2 wrong usage; 3 no usable "
    "face; 4 unreadable picture or video; 5 gallery or model problem.",
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,  # importing rich would double the time that --help takes
    pretty_exceptions_enable=False,
)
app.command("verify", epilog=verify.EXAMPLES)(verify.verify)
app.command("identify", epilog=identify.EXAMPLES)(identify.identify)
app.command("identify-video", epilog=identify_video.EXAMPLES)(identify_video.identify_video)
app.command("enroll", epilog=enroll.EXAMPLES)(enroll.enroll)
app.command("evaluate", epilog=evaluate.EXAMPLES)(evaluate.evaluate)
app.command("calibrate", epilog=calibrate.EXAMPLES)(calibrate.calibrate)
app.add_typer(data.app, name="data")
app.command("train", epilog=train.EXAMPLES)(train.train)
app.add_typer(gallery.app, name="gallery")
app.add_typer(models.app, name="models")
app.command("serve", epilog=serve.EXAMPLES)(serve.serve)
app.add_typer(keys.app, name="keys")
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"facenet-app {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", help="Show the version and stop.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Verify and identify faces with thresholds that were measured."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program with these arguments, by default those of the process, and exit."""
    sys.exit(run(app, sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    main()

"""The options that mean the same in every command, declared once.

``@takes("model", "gallery")`` gives a command ``--model`` and ``--gallery``, and ``--json`` and
``--debug`` as every command has them; the command receives them together as one :class:`Given`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from facenet_app.errors import UsageError

if TYPE_CHECKING:  # the command line's help does without all of these
    from facenet_app.gallery.store import GalleryStore
    from facenet_app.service import FaceService
    from facenet_app.settings import Settings

__all__ = ["Given", "PersonName", "Yes", "examples", "model_ids", "takes"]

PersonName = Annotated[str, typer.Argument(metavar="NAME", help="What the person is called.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True)
class Given:
    """What the shared options said. None: not given, and FACENET_APP_* or the default decides."""

    model: str | None = None
    gallery: str | None = None
    device: str | None = None
    fmr: float | None = None
    threshold: float | None = None
    review: float | None = None
    json: bool = False

    def settings(self, **more: object) -> "Settings":
        """The settings with these options, and those of ``more`` that are not None, on top.

        Raises:
            UsageError: a value is out of its range, or both --fmr and --threshold were given.
        """
        from facenet_app.settings import load_settings

        if self.fmr is not None and self.threshold is not None:
            raise UsageError("--fmr and --threshold exclude each other", "give one of them")
        settings = load_settings(
            model=self.model,
            gallery=self.gallery,
            device=self.device,
            fmr=self.fmr,
            threshold=self.threshold,
            review=self.review,
            **more,
        )
        # A rate asked for here leads over a threshold that the environment brings.
        return settings if self.fmr is None else settings.model_copy(update={"threshold": None})

    def service(self, **more: object) -> "FaceService":
        """The service under these options. Raises as :func:`facenet_app.bootstrap.open_service`."""
        settings = self.settings(**more)
        from facenet_app.bootstrap import open_service
        from facenet_app.service import FaceService

        return open_service(settings, FaceService)

    def gallery_file(self) -> Path:
        """The file of the gallery, for commands that handle it as one.

        Raises:
            GalleryError: it is on a server.
        """
        place = self.settings().gallery
        from facenet_app.gallery.opening import gallery_file

        return gallery_file(place)

    def store(self, *, any_model: bool = False) -> "GalleryStore":
        """The gallery alone: no model is loaded. Raises as :func:`facenet_app.bootstrap.open_gallery`.

        ``any_model``: there must be one, of whatever model, whose weights need not be here.
        """
        settings = self.settings()
        from facenet_app.bootstrap import open_gallery

        return open_gallery(settings, any_model=any_model)


def model_ids(incomplete: str) -> list[str]:
    """Ids of models that begin like this, for shell completion."""
    from facenet_app.settings import load_settings
    from facenet_app.weights.manifest import model_ids as known

    return [model_id for model_id in known(load_settings().models) if model_id.startswith(incomplete)]


_SHARED: Final[dict[str, Any]] = {
    "model": Annotated[
        str | None,
        typer.Option(
            "--model",
            metavar="ID",
            help="Model that makes the embeddings, or the folder of a training run.",
            autocompletion=model_ids,
        ),
    ],
    "gallery": Annotated[
        str | None,
        typer.Option(
            "--gallery",
            metavar="FILE",
            help="File that keeps the enrolled people, or address of a PostgreSQL database.",
        ),
    ],
    "device": Annotated[
        str | None,
        typer.Option("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps."),
    ],
    "fmr": Annotated[
        float | None,
        typer.Option("--fmr", metavar="RATE", help="Decide at this measured false match rate, such as 1e-3."),
    ],
    "review": Annotated[
        float | None,
        typer.Option(
            "--review",
            metavar="RATE",
            help="A stricter rate for MATCH; what lies between it and --fmr is REVIEW.",
        ),
    ],
    "threshold": Annotated[
        float | None,
        typer.Option("--threshold", metavar="DISTANCE", help="Decide at this distance (0 to 2) instead."),
    ],
    "json": Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")],
    "debug": Annotated[bool, typer.Option("--debug", help="Print the traceback of an error.")],
}
_ALWAYS: Final = ("json", "debug")


def takes(*names: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Give a command the shared options of these names; it gets them as its argument ``given``."""

    def decorate(command: Callable[..., int]) -> Callable[..., int]:
        own = signature(command)
        shared = [
            Parameter(
                name,
                Parameter.KEYWORD_ONLY,
                default=False if name in _ALWAYS else None,
                annotation=_SHARED[name],
            )
            for name in (*names, *_ALWAYS)
        ]

        @wraps(command)
        def with_shared(**values: Any) -> int:
            del values["debug"]  # it acts where errors end, in run.py
            options = {name: values.pop(name) for name in (*names, "json")}
            return command(**values, given=Given(**options))

        mine = [parameter for parameter in own.parameters.values() if parameter.name != "given"]
        # Typer reads commands by their signature.
        with_shared.__signature__ = own.replace(parameters=[*mine, *shared])  # type: ignore[attr-defined]  # functions take it, but typeshed does not say so
        return with_shared

    return decorate


def examples(*lines: str) -> str:
    """The end of a command's help: how it is used."""
    return "\b\nExamples:\n" + "\n".join(f"  facenet-app {line}" for line in lines)

"""All settings, in one frozen object. Nothing else in the product reads the environment.

Every field can be given as ``FACENET_APP_<FIELD>`` (``FACENET_APP_GALLERY=/srv/staff.db``); the
command line's options and ``FaceService.open()`` override that.
"""

from pathlib import Path
from typing import Annotated, Literal

from platformdirs import user_cache_path, user_data_path
from pydantic import BeforeValidator, Field, InstanceOf, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from facenet_app.domain import GateMode, Selection, ServerUrl, ServerUse, Template, place_of
from facenet_app.errors import UsageError

__all__ = ["DEFAULT_FMR", "DEFAULT_FPIR", "Settings", "load_settings"]

DEFAULT_FMR = 1e-3
"""Of comparing two pictures: sorting photos with somebody at the screen."""
DEFAULT_FPIR = 1e-2
"""Of a search. Every enrolled person multiplies what each comparison may let pass, so 1e-3 would need rates
that nobody measured in all but the smallest galleries; see docs/thresholds.md."""


_OF_EXTRACTION = frozenset(
    {"model", "device", "engine", "precision", "mirror", "detector", "detector_score", "smallest_face"}
    | {"detection_side", "min_eye_distance", "min_sharpness", "min_quality", "max_bytes", "max_pixels"}
)
_OF_THE_MACHINE = frozenset({"cache", "models"})


def _split(value: object) -> object:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Several values, separated by commas in a variable."""


class Settings(BaseSettings):
    """What can be set, with units and defaults. Immutable: ``model_copy(update=…)`` makes another."""

    model_config = SettingsConfigDict(
        env_prefix="FACENET_APP_", frozen=True, extra="forbid", protected_namespaces=(), validate_default=True
    )

    model: str = Field("sface", description="id of the model in use, or folder of a training run")
    gallery: Annotated[Path | InstanceOf[ServerUrl], BeforeValidator(place_of)] = Field(
        default_factory=lambda: user_data_path("facenet-app") / "gallery.db",
        description="the file that keeps the enrolled people, or the address of a PostgreSQL database: "
        "postgresql+psycopg://USER@HOST/DATABASE",
    )
    search_recall: float = Field(
        ServerUse().recall,
        gt=0,
        le=1,
        description="least share of searches for enrolled people in a large gallery on PostgreSQL that find "
        "the nearest person; 1 = compare with everybody",
    )
    search_in: Literal["server", "memory"] = Field(
        "server",
        description="where a gallery on PostgreSQL is searched; memory: in that of each process, exactly, as "
        "a gallery in a file is",
    )
    write_patience: float = Field(
        ServerUse().patience,
        gt=0,
        le=3600,
        description="seconds that a writer of a gallery on PostgreSQL waits for others; then it says so and "
        "nothing was changed",
    )
    gallery_key_file: Path | None = Field(
        None,
        description="file with the key of an encrypted gallery, as `gallery encrypt --key-file` makes it",
    )
    gallery_passphrase: SecretStr | None = Field(
        None, description="passphrase of an encrypted gallery; never shown"
    )
    cache: Path = Field(
        default_factory=lambda: user_cache_path("facenet-app"),
        description="folder for converted and downloaded weights; may be deleted at any time",
    )
    calibration: Path = Field(
        default_factory=lambda: user_data_path("facenet-app") / "calibration",
        description="folder for the operating points measured on this machine",
    )
    models: Path = Field(
        default_factory=lambda: user_data_path("facenet-app") / "models",
        description="folder of your own models, which `facenet-app models add` fills",
    )
    runs: Path = Field(
        Path("runs"), description="folder that training makes its runs in, and the page shows them from"
    )
    device: str = Field(
        "auto", description="auto, cpu, cuda, cuda:N or mps", pattern=r"^(auto|cpu|cuda(:\d+)?|mps)$"
    )
    engine: Literal["auto", "openvino", "torch"] = Field("auto", description="what runs the network")
    precision: Literal["float32", "half"] = Field(
        "float32",
        description="half: quicker on CUDA and on CPUs with bfloat16; embeddings differ in the third digit",
    )
    threads: int = Field(0, ge=0, description="CPU threads for the network; 0 = as many as there are cores")
    mirror: bool = Field(
        False, description="average the embedding with that of the mirrored crop: half as fast"
    )
    detector: Literal["auto", "yunet", "mtcnn"] = Field("auto", description="auto = the one the model names")
    detector_score: float = Field(0.5, gt=0, lt=1, description="least detector score of a face")
    smallest_face: int | None = Field(
        None,
        ge=8,
        description="pixels; height of the smallest face looked for; None = what detection_side shows",
    )
    detection_side: int = Field(
        640, ge=160, le=4096, description="pixels; larger pictures are scaled to this long side to find faces"
    )
    selection: Selection = Field(
        Selection.PROMINENT, description="which face of several: prominent, largest, most-central or all"
    )
    fmr: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="false match rate at which to decide; in a gallery, the rate of whole searches (FPIR). "
        "None = 1e-3 for two pictures, 1e-2 for a search",
    )
    review: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="stricter rate: MATCH is decided at this one, and what only fmr lets pass is REVIEW",
    )
    threshold: float | None = Field(
        None, ge=0, le=2, description="distance; overrides the measured operating point"
    )
    template: Template = Field(
        Template.CENTROID,
        description="what stands for a person of several pictures in a search: centroid or nearest",
    )
    gate: GateMode = Field(
        GateMode.STANDARD,
        description="what enrollment refuses: off (nothing), standard (poor pictures, faces that are almost "
        "certainly somebody else's) or strict (faces that a search would name otherwise, too)",
    )
    keep_crops: bool = Field(
        True,
        description="keep the aligned face of each sample; without it, no other model can embed it again",
    )
    # The limits are where errors begin, measured on LFW pictures made worse: docs/quality.md.
    min_eye_distance: float = Field(
        12.0,
        ge=0,
        description="pixels between the eyes under which a face is too small to enroll or to decide on",
    )
    min_sharpness: float = Field(
        5.5,
        ge=0,
        description="see facenet_app.imaging.face_measures; below it a face is too blurred to enroll or "
        "decide",
    )
    min_quality: float = Field(
        0.7,
        ge=0,
        le=1,
        description="joint quality score (the share of such faces that are recognized); below it a face is "
        "too poor to enroll or decide",
    )
    max_bytes: int = Field(40_000_000, gt=0, description="largest picture file accepted")
    max_pixels: int = Field(80_000_000, gt=0, description="most pixels of a picture accepted")
    max_video_bytes: int = Field(1_000_000_000, gt=0, description="largest video file accepted")
    max_video_seconds: float = Field(3600, gt=0, description="longest video accepted, in seconds")
    host: str = Field("127.0.0.1", description="address the page listens on; loopback unless you change it")
    port: int = Field(7860, ge=0, le=65535, description="port of the page; 0 = any free one")
    page: bool = Field(True, description="serve the page beside the API")
    language: str = Field(
        "en", description="of the page: en or de; see docs/page.md for another one", pattern="^[a-z]{2,3}$"
    )
    access: Path = Field(
        default_factory=lambda: user_data_path("facenet-app") / "access.json",
        description="file of the API's keys and the page's users, which `facenet-app keys` fills",
    )
    read_only: bool = Field(
        False, description="refuse changes of the gallery on the page and through the API"
    )
    public_hosts: Listed = Field(
        (), description="names that clients call this server by, through a proxy; then all have to log in"
    )
    proxies: Listed = Field(
        (), description="addresses of proxies whose X-Forwarded-For is believed; none by default"
    )
    cors_origins: Listed = Field(
        (), description="other web sites whose scripts may use the API, as https://name; none by default"
    )
    tls_cert: Path | None = Field(None, description="certificate (PEM) for HTTPS, with tls_key")
    tls_key: Path | None = Field(None, description="its private key (PEM)")
    workers: int = Field(
        0, ge=0, le=256, description="requests worked on at a time; 0 = twice as many as there are cores"
    )
    queue: int = Field(
        128, ge=1, description="requests of the API held at a time; further ones are told to come back"
    )
    request_seconds: float = Field(30.0, gt=0, description="after which a request of the API is given up")
    batch: int = Field(
        8,
        ge=1,
        le=1024,
        description="most faces of several requests embedded together; on CPUs more are no quicker, and take "
        "more memory",
    )
    batch_wait: float = Field(
        0.002, ge=0, le=1, description="seconds that a face waits for others to be embedded with"
    )
    rate: float | None = Field(
        None,
        gt=0,
        description="requests a second for each key or address, in bursts of five times as many; None = 20 "
        "where the server can be reached from elsewhere, else no limit",
    )

    def of_extraction(self, *, elsewhere: bool = False) -> dict[str, object]:
        """Those that another process needs to make the same embeddings, by name; no secrets among them.

        ``elsewhere``: on another machine, which has folders of its own.
        """
        return {
            name: getattr(self, name)
            for name in self.__class__.model_fields
            if name in _OF_EXTRACTION or (name in _OF_THE_MACHINE and not elsewhere)
        }

    @property
    def verification_fmr(self) -> float:
        """The false match rate at which two pictures are compared."""
        return DEFAULT_FMR if self.fmr is None else self.fmr

    @property
    def server_use(self) -> ServerUse:
        """How a gallery on a server is used."""
        return ServerUse(self.search_recall, self.search_in == "memory", self.write_patience)

    @property
    def search_fpir(self) -> float:
        """The false positive identification rate of a search in a gallery."""
        return DEFAULT_FPIR if self.fmr is None else self.fmr


def load_settings(**overrides: object) -> Settings:
    """Settings from the environment, with those of ``overrides`` that are not None on top.

    Raises:
        UsageError: a value is out of its range; the message names the field.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # checked by pydantic at run time
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]) if first["loc"] else "setting"
        raise UsageError(
            f"the setting {name!r} cannot be {first['input']!r} ({first['msg'].lower()})",
            f"change the option or the variable FACENET_APP_{name.upper()}",
        ) from error

"""The fields of each request: what they are called, their ranges, and their description in OpenAPI.

Multipart sends every value as text and pictures as files, JSON sends pictures as base64; pydantic reads
both into the same models.
"""

from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from facenet_app.api.body import Fields, decoded
from facenet_app.domain import Consent, GateMode, expiry_time
from facenet_app.errors import RequestError

__all__ = [
    "MOST_IMAGES",
    "EmbedFields",
    "EnrollFields",
    "IdentifyFields",
    "ImageFields",
    "RenameFields",
    "SampleFields",
    "VerifyFields",
    "body_of",
    "read_fields",
]

MOST_IMAGES: Final = 20
"""Pictures in one request that enrolls."""

_BASE64: Final = {
    "type": "string",
    "contentEncoding": "base64",
    "description": "A picture: JPEG, PNG, WebP, …",
}


def _is_picture(value: object) -> object:
    if not isinstance(value, str | bytes):
        raise ValueError("a picture is a file of a form, or base64 in JSON")
    return value


Picture = Annotated[Any, BeforeValidator(_is_picture), WithJsonSchema(_BASE64)]

Rate = Annotated[float | None, Field(gt=0, lt=1, allow_inf_nan=False)]
Distance = Annotated[float | None, Field(ge=0, le=2, allow_inf_nan=False)]


class _Fields(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ImageFields(_Fields):
    """One picture."""

    image: Picture


class EmbedFields(ImageFields):
    """One picture, and which of its faces."""

    selection: Annotated[
        Literal["prominent", "largest", "most-central", "all"] | None,
        Field(description="Which faces; else the server's setting decides."),
    ] = None


class _Deciding(_Fields):
    fmr: Annotated[Rate, Field(description="Decide at this measured rate.")] = None
    threshold: Annotated[Distance, Field(description="Decide at this distance instead.")] = None
    review: Annotated[Rate, Field(description="A stricter rate for match; between the two is review.")] = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.fmr is not None and self.threshold is not None:
            raise ValueError("fmr and threshold exclude each other")
        return self


class VerifyFields(_Deciding):
    """Two pictures to compare."""

    probe: Picture
    reference: Picture


class IdentifyFields(_Deciding):
    """A picture to search the gallery with."""

    image: Picture
    candidates: Annotated[int, Field(ge=1, le=100, description="Nearest people listed for each face.")] = 5


class SampleFields(_Fields):
    """Pictures of one person, and what they agreed to."""

    images: Annotated[list[Picture], Field(min_length=1, max_length=MOST_IMAGES)]
    consent: Annotated[str | None, Field(max_length=1000, description="What the person agreed to.")] = None
    expires: Annotated[
        str | None, Field(max_length=40, description="Until when: a date, or a time with a zone (ISO 8601).")
    ] = None
    gate: Annotated[
        Literal["off", "standard", "strict"] | None,
        Field(
            description="How strict to be about whose face it is; off enrolls anyway, which the audit trail "
            "says. Else the server's setting decides."
        ),
    ] = None

    def overruled(self) -> GateMode | None:
        """The gate's mode for this request, None for that of the settings."""
        return None if self.gate is None else GateMode(self.gate)

    def agreed(self) -> Consent:
        """Raises UsageError if ``expires`` is no date."""
        return Consent(self.consent, None if self.expires is None else expiry_time(self.expires))


Name = Annotated[
    str, Field(max_length=1000, description="What the person is called; 200 characters at most.")
]


class EnrollFields(SampleFields):
    """A new person with pictures."""

    name: Name


class RenameFields(_Fields):
    """Another name."""

    name: Name
    merge: Annotated[bool, Field(description="If somebody has the name, make the two one person.")] = False


Model = TypeVar("Model", bound=BaseModel)


def read_fields(model: type[Model], fields: Fields) -> Model:
    """The fields as ``model``, with pictures as bytes.

    Raises:
        RequestError: one is missing, not known, out of range, or no picture.
    """
    try:
        # In a form everything is text; in JSON a number is a number.
        found = model.model_validate(fields.values, strict=fields.is_json)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "fmr"
        raise RequestError(
            f"the field {name!r} is wrong ({first['msg'].lower()})", "see /api/v1/openapi.json for the fields"
        ) from error
    pictures: dict[str, Any] = {}
    for name in ("image", "probe", "reference"):
        if hasattr(found, name):
            pictures[name] = decoded(getattr(found, name), name)
    if isinstance(found, SampleFields):
        pictures["images"] = [decoded(picture, "images") for picture in found.images]
    return found.model_copy(update=pictures)


def body_of(model: type[BaseModel], example: dict[str, Any] | None = None) -> dict[str, Any]:
    """The request body in OpenAPI: the same fields as a form and as JSON."""
    document = model.model_json_schema()
    content: dict[str, Any] = {
        "multipart/form-data": {"schema": _with_files(document)},
        "application/json": {"schema": document},
    }
    if example is not None:
        content["application/json"]["example"] = example
    return {"requestBody": {"required": True, "content": content}}


def _with_files(value: Any) -> Any:
    """A schema with files in place of base64."""
    if isinstance(value, dict):
        if value.get("contentEncoding") == "base64":
            return {**{k: v for k, v in value.items() if k != "contentEncoding"}, "format": "binary"}
        return {key: _with_files(each) for key, each in value.items()}
    return [_with_files(each) for each in value] if isinstance(value, list) else value

"""A client of the HTTP API, for programs in Python.

>>> client = FaceClient("http://127.0.0.1:7860")                  # doctest: +SKIP
>>> client.verify("a.jpg", "b.jpg")["decision"]                   # doctest: +SKIP
'match'

Answers are the documents that the commands print with ``--json``. Errors are those of
:mod:`facenet_app.errors`, found by their code: what :class:`facenet_app.service.FaceService` would raise,
the client raises.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import quote

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from facenet_app.errors import FacenetAppError, ImageNotFound, RequestError, ServerError

__all__ = ["Document", "FaceClient", "Picture"]

Document = dict[str, Any]
Picture = str | Path | bytes
"""A path, which is read here and never sent, or the bytes of a file."""

PAGE: Final = 1000
"""People asked for at a time."""


class _Bearer(AuthBase):
    """Sends the key with every request to the server, and to no other one."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class FaceClient:
    """Talks to one server. For one thread; use it in a ``with``, or close it.

    Args:
        address: of the server, such as ``https://faces.example.org``.
        key: of the API; None where the server asks for none.
        timeout: seconds to wait for an answer.
        retries: how often to come back to a server that was too busy to take a request.
        verify_tls: a file with the certificates to trust, or True for those of the system.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        *,
        timeout: float = 60,
        retries: int = 5,
        verify_tls: bool | str = True,
    ) -> None:
        self._base = f"{address.rstrip('/')}/api/v1"
        self._timeout = timeout
        self._verify_tls = verify_tls
        self._session = requests.Session()
        if key is not None:
            # As a header alone it would lose against an entry of the user's .netrc.
            self._session.auth = _Bearer(key)
        # Only answers with Retry-After (429, 503): such a request was not taken, and can be sent again.
        patience = Retry(
            total=retries, connect=0, read=0, other=0, allowed_methods=None, raise_on_status=False
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=patience))

    def verify(
        self,
        probe: Picture,
        reference: Picture,
        *,
        fmr: float | None = None,
        threshold: float | None = None,
        review: float | None = None,
    ) -> Document:
        """Are these two pictures of the same person?

        Raises:
            FacenetAppError: as :meth:`facenet_app.service.FaceService.verify`, and
                RequestError or ServerError.
        """
        pictures = [("probe", probe), ("reference", reference)]
        return self._send("POST", "/verify", pictures, fmr=fmr, threshold=threshold, review=review)

    def identify(
        self,
        image: Picture,
        *,
        candidates: int | None = None,
        fmr: float | None = None,
        threshold: float | None = None,
        review: float | None = None,
    ) -> Document:
        """Who is in this picture? Raises as :meth:`verify`."""
        asked = {"candidates": candidates, "fmr": fmr, "threshold": threshold, "review": review}
        return self._send("POST", "/identify", [("image", image)], **asked)

    def detect(self, image: Picture) -> Document:
        """Where the faces are, and how good they are. Raises as :meth:`verify`."""
        return self._send("POST", "/detect", [("image", image)])

    def embed(self, image: Picture, *, selection: str | None = None) -> Document:
        """The embeddings of the faces. Raises as :meth:`verify`.

        Args:
            image: the picture.
            selection: ``prominent``, ``largest``, ``most-central`` or ``all``.
        """
        return self._send("POST", "/embed", [("image", image)], selection=selection)

    def enroll(
        self,
        name: str,
        images: Iterable[Picture],
        *,
        consent: str | None = None,
        expires: str | None = None,
        gate: str | None = None,
    ) -> Document:
        """Enroll a new person. Raises as :meth:`verify`; IdentityExists if the name is taken.

        Args:
            name: what the person is called.
            images: pictures of the person.
            consent: what the person agreed to.
            expires: until when, as ISO 8601.
            gate: ``off`` (whoever else they look like), ``standard`` or ``strict``; else the server's.
        """
        pictures = [("images", image) for image in images]
        about = {"name": name, "consent": consent, "expires": expires, "gate": gate}
        return self._send("POST", "/identities", pictures, **about)

    def add_samples(
        self,
        identity_id: str,
        images: Iterable[Picture],
        *,
        consent: str | None = None,
        expires: str | None = None,
        gate: str | None = None,
    ) -> Document:
        """Add pictures of a person. Raises as :meth:`verify`; IdentityNotFound. See :meth:`enroll`."""
        pictures = [("images", image) for image in images]
        path = _path(identity_id, "/samples")
        return self._send("POST", path, pictures, consent=consent, expires=expires, gate=gate)

    def identities(self) -> Iterator[Document]:
        """Everybody enrolled, by name, asked for page by page."""
        offset = 0
        while page := self._get(f"/identities?limit={PAGE}&offset={offset}")["identities"]:
            yield from page
            offset += len(page)

    def samples(self, identity_id: str) -> list[Document]:
        """The samples of a person, oldest first. Raises IdentityNotFound."""
        found: list[Document] = self._get(_path(identity_id, "/samples"))["samples"]
        return found

    def rename(self, identity_id: str, name: str, *, merge: bool = False) -> Document:
        """Give a person another name. Raises IdentityNotFound, IdentityExists."""
        fields = {"name": name, "merge": merge}
        return _document(self._ask("PATCH", _path(identity_id), json=fields))

    def remove(self, identity_id: str) -> Document:
        """Remove a person for good; returns who it was. Raises IdentityNotFound."""
        return _document(self._ask("DELETE", _path(identity_id)))

    def models(self) -> list[Document]:
        """The models that the server knows."""
        found: list[Document] = self._get("/models")["models"]
        return found

    def operating_points(self) -> list[Document]:
        """The operating points of the model in use, by ascending threshold."""
        found: list[Document] = self._get("/operating-points")["operating_points"]
        return found

    def is_ready(self) -> bool:
        """Whether the server answers and has room; False also if nobody is there."""
        try:
            return self._ask("GET", "/ready").status_code == 200
        except requests.RequestException:
            return False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, method: str, path: str, **more: Any) -> requests.Response:
        # The session's own would lose against variables of the environment.
        return self._session.request(
            method, f"{self._base}{path}", timeout=self._timeout, verify=self._verify_tls, **more
        )

    def _get(self, path: str) -> Document:
        return _document(self._ask("GET", path))

    def _send(
        self, method: str, path: str, pictures: list[tuple[str, Picture]], **fields: object
    ) -> Document:
        # As files without names: what they are called on this machine is nobody else's business.
        parts: list[tuple[str, tuple[str | None, bytes]]] = [
            (name, ("picture", _content(picture))) for name, picture in pictures
        ]
        parts += [(name, (None, str(value).encode())) for name, value in fields.items() if value is not None]
        return _document(self._ask(method, path, files=parts))


def _path(identity_id: str, below: str = "") -> str:
    return f"/identities/{quote(identity_id, safe='')}{below}"


def _content(picture: Picture) -> bytes:
    if isinstance(picture, bytes):
        return picture
    try:
        return Path(picture).read_bytes()
    except OSError as error:
        raise ImageNotFound(f"{picture} cannot be read", "check the path and its permissions") from error


def _document(answer: requests.Response) -> Document:
    try:
        document: Document = answer.json()
    except requests.JSONDecodeError as error:
        raise ServerError(
            f"the answer is not one of facenet-app (HTTP {answer.status_code})", "check the address"
        ) from error
    if answer.ok:
        return document
    raise _error(document.get("error", {}), answer.status_code)


def _error(told: dict[str, str], status: int) -> FacenetAppError:
    """The error of a code; one that is not known here becomes a RequestError or ServerError of that code."""
    code, message, hint = told.get("code", ""), told.get("message", f"HTTP {status}"), told.get("hint", "")
    kind = next((each for each in _kinds(FacenetAppError) if each.code == code), None)
    if kind is not None:
        return kind(message, hint)
    other: FacenetAppError = (RequestError if status < 500 else ServerError)(message, hint)
    other.code = code  # type: ignore[misc]  # of this one error
    return other


def _kinds(kind: type[FacenetAppError]) -> Iterator[type[FacenetAppError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)

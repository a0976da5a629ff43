"""Archives for tests: sound ones, and ones changed with all checksums put right again."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from drafts import FINGERPRINT, MODEL

from facenet_app.errors import ArchiveRefused
from facenet_app.gallery.archive_format import LISTED, MANIFEST
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.incoming import Incoming
from facenet_app.gallery.merge import MergePlan, OnConflict
from facenet_app.gallery.store import GalleryStore

Members = dict[str, bytes]


def members_of(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, members: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def with_lines(members: Members, name: str, change: Callable[[list[Any]], object]) -> Members:
    """The members with the lines of one changed in place, and its checksum put right."""
    lines = [json.loads(line) for line in members[name].splitlines()]
    change(lines)
    return vouched({**members, name: b"".join(json.dumps(line).encode() + b"\n" for line in lines)})


def with_manifest(of: Members, /, **changes: object) -> Members:
    manifest = {**json.loads(of[MANIFEST]), **changes}
    return {**of, MANIFEST: json.dumps(manifest).encode()}


def vouched(members: Members) -> Members:
    """The members with a manifest that vouches for them as they are."""
    entries = {
        name: {"bytes": len(members[name]), "sha256": hashlib.sha256(members[name]).hexdigest()}
        for name in LISTED
        if name in members
    }
    return with_manifest(members, members=entries)


def read(path: Path) -> Incoming:
    """Everybody in an archive, for use after it is closed: without crops."""
    with StoredZip(path) as archive:
        return read_archive(archive)


def opened(path: Path) -> GalleryStore:
    return GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT)


def bring_in(store: GalleryStore, archive: Path, rule: OnConflict = OnConflict.SKIP) -> MergePlan:
    with StoredZip(archive) as file:
        return store.merge_in(read_archive(file), rule)


def content(store: GalleryStore) -> list[dict[str, Any]]:
    """Everything about everybody, bit for bit, but the order of people."""
    return [
        {
            **who.to_dict(),
            "all": [
                {
                    **sample.to_dict(),
                    "quality": sample.quality,
                    "vector": sample.embedding.vector.tobytes(),
                    "crop": sample.crop and (sample.crop.pixels.tobytes(), sample.crop.alignment),
                }
                for sample in store.samples(who.id)
            ],
        }
        for who in store.identities()
    ]


def load(path: Path) -> Incoming:
    """Read all of an archive, crops too."""
    with StoredZip(path) as archive:
        incoming = read_archive(archive)
        for sample in incoming.samples:
            assert sample.crop is not None
            sample.crop.read()
        return incoming


def refused(path: Path, says: str) -> ArchiveRefused:
    with pytest.raises(ArchiveRefused, match=says) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert "Anna" not in str(caught.value)
    assert caught.value.hint
    return caught.value

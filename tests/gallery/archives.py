"""Archives for tests: sound ones, and ones changed with all checksums put right again."""

import hashlib
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from facenet_app.gallery.archive_format import LISTED, MANIFEST
from facenet_app.gallery.archive_read import read_archive
from facenet_app.gallery.archive_zip import StoredZip
from facenet_app.gallery.incoming import Incoming

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

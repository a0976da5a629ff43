"""Archives whose content was damaged, or made to do harm: refused in one sentence."""

import json
import resource
import struct
from pathlib import Path

import numpy as np
import pytest
from archives import Members, load, refused, vouched, with_lines, with_manifest, write
from hostile_changes import (
    PICTURES,
    Change,
    counted,
    crop_replaced,
    encoded,
    in_quality,
    lines_of,
    more,
    png_of,
    set_first,
    set_item,
    vectors,
    without,
)
from PIL import Image

from facenet_app.gallery.archive_format import EMBEDDINGS, MANIFEST, PEOPLE, POINTS, SAMPLES, VERSION


def test_changed_by_the_tests_own_means_but_sound_it_is_read(members: Members, tmp_path: Path) -> None:
    """So that the refusals below are for what they say."""
    same = with_lines(members, PEOPLE, lambda lines: lines)
    assert len(load(write(tmp_path / "same.zip", same)).people) == 2


NOT_A_FACE = Image.new("L", (12, 12))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (more("../../etc/passwd"), "more or fewer members"),
        (more("/etc/passwd"), "more or fewer members"),
        (more("crops\\..\\..\\x.png"), "more or fewer members"),
        (more("extra.txt"), "more or fewer members"),
        (more("crops/"), "more or fewer members"),
        (lambda m: with_manifest(more("../evil.png")(m), crops=PICTURES + 1), "other crops than its samples"),
        (without(MANIFEST), "manifest.json is missing"),
        (without(EMBEDDINGS), "embeddings.safetensors is missing"),
        (more(PEOPLE, b"{}\n"), "is not what manifest.json says"),
        (lambda m: {**m, EMBEDDINGS: m[EMBEDDINGS][:-1] + b"\x00"}, "is not what manifest.json says"),
        (more(MANIFEST, b"{"), "manifest.json makes no sense"),
        (more(MANIFEST, b"[" * 60_000), "manifest.json makes no sense"),
        (more(MANIFEST, b" " * 100_000), "more than"),
        (lambda m: with_manifest(m, format="a novel"), "something else"),
        (lambda m: with_manifest(m, surprise=1), "manifest.json makes no sense"),
        (lambda m: with_manifest(m, members={}), "lists other members"),
        (lambda m: with_manifest(m, people=10**12), "does not have the 1,000,000,000,000 lines"),
        (lambda m: with_manifest(m, samples=10**15, dimension=8192), "does not have"),
        (lambda m: with_manifest(m, samples=3), "does not have the 3 lines"),
        (lambda m: with_manifest(m, samples=-1), "makes no sense"),
        (lambda m: with_manifest(m, samples=1.5), "makes no sense"),
        (lambda m: with_manifest(m, dimension=8), "does not hold"),
        (lambda m: with_manifest(m, dimension=10**9), "makes no sense"),
        (lambda m: with_manifest(m, crops=3), "more or fewer members"),
        (counted(PEOPLE, "people"), "are the same"),
        (counted(SAMPLES, "samples"), "are the same"),
        (lines_of(PEOPLE, lambda data: data[:-1]), "too long or not ended"),
        (lines_of(PEOPLE, lambda data: data.replace(b"\n", b" " * 70_000 + b"\n", 1)), "too long"),
        (lines_of(PEOPLE, lambda data: b"\n" + data), "line 1 of people.jsonl makes no sense"),
        (
            lines_of(PEOPLE, lambda data: b"[" * 50_000 + b"\n" + data),
            "line 1 of people.jsonl makes no sense",
        ),
        (lines_of(PEOPLE, lambda data: b"\xff\xfe\n" + data), "line 1 of people.jsonl makes no sense"),
        (set_first(PEOPLE, id="../../x"), r"line 1 of people.jsonl makes no sense \(id"),
        (set_first(PEOPLE, id="A" * 32), "makes no sense"),
        (set_first(PEOPLE, name=""), "makes no sense"),
        (set_first(PEOPLE, name="../Anna"), "looks like a path"),
        (set_first(PEOPLE, name="x" * 201), "200 characters at most"),
        (set_first(PEOPLE, name="Ann\u202ea"), "makes no sense"),
        (set_first(PEOPLE, name=" Ann "), "another form"),
        (set_first(PEOPLE, name="Be\u0301a"), "another form"),
        (set_first(PEOPLE, name=7), "makes no sense"),
        (set_first(PEOPLE, enrolled_at="yesterday"), "makes no sense"),
        (set_first(PEOPLE, enrolled_at="2026-01-01T00:00:00"), "makes no sense"),
        (set_first(PEOPLE, admin=True), "makes no sense"),
        (
            lambda m: with_lines(m, PEOPLE, lambda all_: all_[0].update(name=all_[1]["name"].upper())),
            "are the same",
        ),
        (set_first(SAMPLES, identity_id="0" * 32), "belongs to nobody"),
        (set_first(SAMPLES, content_sha256="x"), "makes no sense"),
        (set_first(SAMPLES, crop=None), "other crops than its samples"),
        (in_quality(sharpness=float("nan")), "makes no sense"),
        (in_quality(sharpness=float("inf")), "makes no sense"),
        (in_quality(sharpness="sharp"), "makes no sense"),
        (in_quality(reasons=["x"] * 1000), "makes no sense"),
        (vectors(set_item((2, 3), float("nan"))), "not a vector of length 1"),
        (vectors(set_item((2, 3), float("inf"))), "not a vector of length 1"),
        (vectors(lambda array: 2 * array), "not a vector of length 1"),
        (vectors(lambda array: 0 * array), "not a vector of length 1"),
        (vectors(lambda array: array[:3]), "does not hold 4 embeddings"),
        (vectors(lambda array: array.astype(np.float64)), "does not hold|more than"),
        (vectors(lambda array: array.astype(np.int32)), "does not hold"),
        (lines_of(EMBEDDINGS, lambda data: data[:-4]), "cannot be read"),
        (lines_of(EMBEDDINGS, lambda data: struct.pack("<Q", 2**63) + data[8:]), "cannot be read"),
        (lines_of(EMBEDDINGS, lambda _: b"\x80\x04cos\nsystem\n"), "cannot be read"),
        (lines_of(EMBEDDINGS, lambda data: data + bytes(10_000)), "more than"),
        (
            lines_of(POINTS, lambda _: b'{"fingerprint":"a","target_fmr":0.1,"measured":{}}\n'),
            "does not have the 0",
        ),
        (crop_replaced(b"no picture"), "no picture of a face"),
        (crop_replaced(encoded(NOT_A_FACE, "PNG")), "no picture of a face"),
        (crop_replaced(encoded(Image.new("RGB", (12, 12)), "TIFF")), "no picture of a face"),
        (crop_replaced(png_of(30_000, 30_000)), "no picture of a face"),
        (crop_replaced(png_of(2_100, 2_000)), "no picture of a face"),
    ],
)
def test_refused(members: Members, tmp_path: Path, change: Change, says: str) -> None:
    refused(write(tmp_path / "hostile.zip", change(members)), says)


def point_line(**values: object) -> bytes:
    point = {
        "threshold": 1.0,
        "fingerprint": "f",
        "target_fmr": 0.1,
        "fmr": None,
        "fnmr": None,
        "dataset": "",
        "protocol": "",
        "detector": "",
        "measured_on": "",
        "people": None,
        "pictures": None,
        **values,
    }
    return json.dumps({"fingerprint": "f", "target_fmr": 0.1, "measured": point}).encode() + b"\n"


@pytest.mark.parametrize(
    "line",
    [
        point_line(threshold=3.0),
        point_line(threshold="x"),
        point_line(fingerprint="g"),
        point_line(extra=1),
        b'{"fingerprint":"f","target_fmr":0.1,"measured":{}}\n',
    ],
)
def test_operating_points_that_are_none(members: Members, tmp_path: Path, line: bytes) -> None:
    good = with_manifest(vouched({**members, POINTS: point_line()}), points=1)
    assert len(load(write(tmp_path / "good.zip", good)).points) == 1
    bad = with_manifest(vouched({**members, POINTS: line}), points=1)
    refused(write(tmp_path / "bad.zip", bad), "points.jsonl")


def test_a_newer_format_says_to_update(members: Members, tmp_path: Path) -> None:
    newer = with_manifest(members, version=VERSION + 1, unheard_of={"a": 1})
    error = refused(write(tmp_path / "newer.zip", newer), "format 2, and this program knows up to 1")
    assert error.hint == "update the program"


def test_a_refusal_costs_little_memory(members: Members, tmp_path: Path) -> None:
    """Counts that promise billions make nobody reserve memory for them."""
    promised = with_manifest(members, samples=10**9, people=10**9, dimension=8192)
    path = write(tmp_path / "promise.zip", promised)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(path, "does not have")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KiB

"""The tables, and how older galleries get them."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from drafts import FINGERPRINT, MODEL, draft, unit
from sqlalchemy import create_engine, inspect, text

from facenet_app.domain import Quality
from facenet_app.errors import GalleryError
from facenet_app.gallery import database, migrations
from facenet_app.gallery.changelog import changes_after
from facenet_app.gallery.schema import LATEST, metadata
from facenet_app.gallery.store import GalleryStore


def tables(path: Path) -> dict[str, object]:
    """Every table: its columns, keys, indexes and checks, in no order that an older file could differ in."""
    engine = create_engine(f"sqlite:///{path}")
    look = inspect(engine)
    found = {
        name: {
            "columns": sorted(
                f"{column | {'type': str(column['type'])}}" for column in look.get_columns(name)
            ),
            "primary key": look.get_pk_constraint(name),
            "others": sorted(
                str(each)
                for ask in (
                    look.get_foreign_keys,
                    look.get_unique_constraints,
                    look.get_indexes,
                    look.get_check_constraints,
                )
                for each in ask(name)
            ),
        }
        for name in look.get_table_names()
        if name != "alembic_version"
    }
    engine.dispose()
    return found


def version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


FUTURE = f"{int(LATEST) + 1:04d}"


@pytest.fixture
def filled(path: Path) -> Path:
    """A gallery with one person, closed."""
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Anna", [draft(1), draft(2)])
    return path


@pytest.fixture
def future(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a next migration, empty so far; the program takes it for the latest."""
    scripts = tmp_path / "100 % migrations"
    shutil.copytree(migrations.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrations, "SCRIPTS", scripts)
    monkeypatch.setattr(database, "LATEST", FUTURE)
    return scripts / "versions" / f"v{FUTURE}_notes.py"


NEXT = f"""
import sqlalchemy as sa
from alembic import op

revision = "{FUTURE}"
down_revision = "{LATEST}"


def upgrade():
    op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True))
    with op.batch_alter_table("identities") as table:
        table.add_column(sa.Column("origin", sa.String))
    op.execute("UPDATE identities SET origin = 'before'")
"""


def test_migrations_give_the_tables_that_the_program_uses(filled: Path, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'model.db'}")
    metadata.create_all(engine)
    engine.dispose()
    assert tables(filled) == tables(tmp_path / "model.db")


def test_the_program_knows_the_last_migration(filled: Path) -> None:
    assert ScriptDirectory(migrations.SCRIPTS).get_heads() == [LATEST]
    assert version(filled) == LATEST


def test_an_older_gallery_is_brought_up_to_date_with_everybody_in_it(filled: Path, future: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        before = connection.execute("SELECT * FROM samples").fetchall()
    assert len(before) == 2
    future.write_text(NEXT)
    with GalleryStore.open(filled, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert [(who.name, who.samples) for who in store.identities()] == [("Anna", 2)]
        store.add("Anna", [draft(3)])
        assert store.check() == []
    assert version(filled) == FUTURE
    assert "notes" in tables(filled)
    with closing(sqlite3.connect(filled)) as connection:
        assert connection.execute("SELECT name, origin FROM identities").fetchall() == [("Anna", "before")]
        assert connection.execute("SELECT * FROM samples").fetchall()[:2] == before


def test_the_trail_of_before_imported_files_were_noted_is_whole(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("ALTER TABLE audit DROP COLUMN source_sha256")
        connection.execute("UPDATE alembic_version SET version_num = '0008'")
        connection.commit()
    with GalleryStore.open(filled, model=MODEL, fingerprint=FINGERPRINT) as store:
        store.add("Bea", [draft(3)])
        trail = store.audit()
        assert (len(trail.entries), trail.faults) == (2, ())
        assert store.check() == []


def test_an_older_gallery_is_brought_up_to_date_for_reembedding_too(filled: Path, future: Path) -> None:
    future.write_text(NEXT)
    with GalleryStore.open(filled, model="net-b", fingerprint=None) as store:
        assert store.model == MODEL
    assert version(filled) == FUTURE


def test_a_migration_that_fails_half_way_changes_nothing(
    filled: Path, future: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(filled)
    future.write_text(f'{NEXT}\n    op.execute("INSERT INTO nowhere VALUES (1)")\n')
    with pytest.raises(GalleryError) as caught:
        GalleryStore.open(filled, model=MODEL, fingerprint=FINGERPRINT)
    assert caught.value.__cause__ is not None
    assert (tables(filled), version(filled)) == (before, LATEST)
    monkeypatch.undo()
    with GalleryStore.open(filled, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert store.get("Anna").samples == 2


def test_a_newer_gallery_is_refused_and_left_alone(filled: Path) -> None:
    with closing(sqlite3.connect(filled)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [FUTURE])
        connection.commit()
    content = filled.read_bytes()
    for fingerprint in (FINGERPRINT, None):
        with pytest.raises(GalleryError, match=rf"newer version.*{FUTURE}.*update the program"):
            GalleryStore.open(filled, model=MODEL, fingerprint=fingerprint)
    assert filled.read_bytes() == content


OLD_SAMPLE = """
INSERT INTO samples (id, identity_id, embedding, dimension, fingerprint, eye_distance, sharpness, reasons,
                     content_sha256, enrolled_at)
VALUES ('s1', 'p1', :vector, 16, :fingerprint, 40.0, 3.5, '["blurred"]', 'd1', '2026-01-02 03:04:05')
"""


@pytest.mark.parametrize("number", ["0001", "0002"])
def test_a_gallery_of_an_older_version_keeps_everybody(path: Path, number: str) -> None:
    path.parent.mkdir()
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrations.upgrade(connection, number)
        values = {"model": MODEL, "fingerprint": FINGERPRINT, "vector": unit(1).tobytes()}
        header = "INSERT INTO gallery VALUES (1, '2026-01-02 03:04:05', :model, :fingerprint, 7, NULL)"
        connection.execute(text(header), values)
        connection.execute(
            text("INSERT INTO identities VALUES ('p1', 'Anna', 'anna', '2026-01-02 03:04:05')")
        )
        connection.execute(text(OLD_SAMPLE), values)
    engine.dispose()
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert (store.operating_points(), store.revision()) == ((), 7)
        (sample,) = store.samples("p1")
        assert sample.quality == Quality(40.0, 3.5, ("blurred",))
        with store._database._engine.begin() as connection:
            assert changes_after(connection, 6) is None  # nobody wrote down what happened then
            assert changes_after(connection, 7) == []
        measured = Quality(40.0, 3.5, (), exposure=0.5, pose=0.125, score=0.75)
        _, (added,) = store.add("Anna", [replace(draft(2), quality=measured)])
        assert store.sample(added.id).quality == measured
    assert version(path) == LATEST


def test_an_empty_file_becomes_a_gallery(tmp_path: Path) -> None:
    path = tmp_path / "touched.db"
    path.touch()
    with pytest.raises(GalleryError, match="no gallery"):
        GalleryStore.open(path, model=MODEL, fingerprint=None)
    with GalleryStore.open(path, model=MODEL, fingerprint=FINGERPRINT) as store:
        assert store.identities() == []


def test_only_a_gallery_that_needs_it_loads_alembic(filled: Path) -> None:
    """Nor does any gallery load what is not its business."""
    program = f"""
import sys
from pathlib import Path
from facenet_app.gallery.store import GalleryStore
with GalleryStore.open(Path({str(filled)!r}), model={MODEL!r}, fingerprint={FINGERPRINT!r}) as store:
    assert store.index().people == 1
print(*{{"alembic", "torch", "cv2", "gradio", "PIL", "sqlalchemy.orm"}} & sys.modules.keys())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

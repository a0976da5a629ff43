"""What docs/deploy.md says of settings and commands is what there is."""

import re
from pathlib import Path

from facenet_app.settings import Settings

ROOT = Path(__file__).parents[2]


def test_variables_are_settings() -> None:
    for page in ("deploy.md", "api.md"):
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        names = {name.lower() for name in re.findall(r"FACENET_APP_([A-Z_]+)", text)}
        assert names
        assert names <= set(Settings.model_fields), page


def test_the_dockerfile_uses_the_same_two_commands() -> None:
    text = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
    assert "pip install --no-cache-dir uv" in text
    assert "uv sync" in text
    assert "was not built" in text


def test_lists_come_with_commas(monkeypatch) -> None:
    monkeypatch.setenv("FACENET_APP_PUBLIC_HOSTS", "faces.example.org, other.example.org,")
    assert Settings().public_hosts == ("faces.example.org", "other.example.org")

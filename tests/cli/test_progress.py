"""The progress bar: on terminals only, and on stderr only."""

import io

import pytest

from facenet_app.cli.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("unit", "shown"), [("faces", " faces/s"), ("bytes", "3/4 bytes")])
def test_on_a_terminal(unit: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, file = Terminal(), io.StringIO()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setattr("sys.stdout", file)
    with progress_bar("working", unit) as report:
        assert report is not None
        report(3, 4)
        print("a result")
    assert "working" in terminal.getvalue()
    assert shown in terminal.getvalue()
    assert file.getvalue() == "a result\n"


def test_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with progress_bar("working", "faces") as report:
        assert report is None
    assert capsys.readouterr() == ("", "")

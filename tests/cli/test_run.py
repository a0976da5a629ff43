"""Exit codes and messages, whatever a command does."""

import os
import subprocess
import sys

import pytest
import typer

from facenet_app.cli.run import emit, exit_code_of, run, say
from facenet_app.errors import NoFaceFound

app = typer.Typer(rich_markup_mode=None)


@app.command()
def stop(
    how: str, as_json: bool = typer.Option(False, "--json"), debug: bool = typer.Option(False, "--debug")
) -> int:
    if how == "bug":
        return int(how)
    if how == "ctrl-c":
        raise KeyboardInterrupt
    if how == "abort":
        raise typer.Abort
    if how == "no-face":
        raise NoFaceFound("no face was found", "use another picture")
    emit({"how": how}, [how], as_json=as_json)
    return 1


def test_the_commands_code_is_the_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["fine"]) == 1
    assert capsys.readouterr().out == "fine\n"


def test_a_bug_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["bug"]) == 5
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("internal error (ValueError)")
    assert shown.err.count("\n") == 1
    assert "--debug" in shown.err


def test_debug_adds_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["no-face", "--debug"]) == 3
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert shown.endswith("no face was found; use another picture.\n")


def test_debug_after_two_dashes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--", "--debug"]) == 1
    assert capsys.readouterr().out == "--debug\n"


@pytest.mark.parametrize("how", ["ctrl-c", "abort"])
def test_ctrl_c_is_one_line(how: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, [how]) == 130
    assert capsys.readouterr() == ("", "stopped.\n")


def test_errors_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["no-face", "--json"]) == 3
    shown = capsys.readouterr()
    assert '"code": "no_face"' in shown.out
    assert shown.err == ""


def test_wrong_usage_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--json", "--nonsense"]) == 2
    assert '"code": "usage"' in capsys.readouterr().out


def test_exit_codes_by_code() -> None:
    codes = ["invalid_name", "no_face", "not_an_image", "duplicate_sample", "weights_missing", "never heard"]
    assert [exit_code_of(code) for code in codes] == [2, 3, 4, 5, 5, 5]


def test_control_characters_never_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\x1b[31mb\x07\u009bc\té")
    assert capsys.readouterr().out == "a\\x1b[31mb\\x07\\x9bc\té\n"


def test_a_reader_that_has_gone() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as pipe:
        done = subprocess.run(
            [sys.executable, "-m", "facenet_app.cli.main", "models", "list"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 141
    assert done.stderr == b""

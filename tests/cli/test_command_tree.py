"""Every command has help and an example; help is quick."""

import os
import resource
import subprocess
import sys

import pytest
from commands import COMMANDS
from program import Cli


def test_all_of_them_are_found() -> None:
    assert {"facenet-app verify", "facenet-app gallery reembed", "facenet-app models list"} <= set(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_help_has_an_example(path: str, cli: Cli) -> None:
    shown = cli(*path.split()[1:], "--help")
    assert shown.code == 0
    assert COMMANDS[path].help
    assert f"Examples:\n    {path}" in shown.out
    assert all(getattr(each, "help", None) for each in COMMANDS[path].params if each.name != "help")


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_speaks_json_and_can_be_debugged(path: str) -> None:
    assert {"json", "debug"} <= {parameter.name for parameter in COMMANDS[path].params}


def test_help_leaves_the_heavy_libraries_alone() -> None:
    program = (
        "import sys\n"
        "from facenet_app.cli.main import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, encoding="utf-8")
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "typer" in loaded
    assert not loaded & {"numpy", "pydantic", "pydantic_settings", "rich", "cv2", "torch", "gradio"}


def cpu_seconds(*arguments: str) -> float:
    """CPU time of the quickest of three runs: the load of the machine does not count."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(3))


def test_help_is_quick() -> None:
    assert cpu_seconds("-m", "facenet_app.cli.main", "--help") < cpu_seconds("-c", "pass") + 0.4


def test_completion_prints_a_script() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facenet_app.cli.main"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={**os.environ, "_FACENET_APP_COMPLETE": "source_bash"},
    )
    assert done.returncode == 0
    assert "complete " in done.stdout
    assert "facenet-app" in done.stdout


def test_completion_knows_the_models() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facenet_app.cli.main"],
        capture_output=True,
        check=False,
        encoding="utf-8",
        env={
            **os.environ,
            "_FACENET_APP_COMPLETE": "complete_bash",
            "COMP_WORDS": "facenet-app models show sf",
            "COMP_CWORD": "3",
        },
    )
    assert done.stdout.split() == ["sface"]


def test_version(cli: Cli) -> None:
    shown = cli("--version")
    assert shown.code == 0
    assert shown.out.startswith("facenet-app 0.")

"""The server around the page: what it says, its headers, its port, and what it leaves behind."""

import signal
import socket
from pathlib import Path

import pytest
import requests
from PIL import Image

from facenet_app.errors import UsageError
from facenet_app.server.serve import serve
from facenet_app.settings import load_settings


def get(address: str, path: str = "/", **headers: str) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{address}{path}", headers=headers, timeout=20)


def test_it_says_what_it_does(page_server) -> None:
    said = [line for line in page_server.lines if not line.startswith("{")]  # the rest is the log
    assert said[0].startswith("Loading the model sface …")
    # Between them, the first start in a new cache says that it prepares the model.
    assert f"The page is at {page_server.address}" in said[-1]
    assert page_server.address.startswith("http://127.0.0.1:")


def test_nothing_is_warned_of(page_server) -> None:
    """Gradio warns, for one, of components outside of tabs, and then mixes the tabs up."""
    assert [line for line in page_server.lines if "Warning" in line] == []


def test_the_page_may_load_nothing_from_elsewhere(page_server) -> None:
    answer = get(page_server.address)
    assert answer.status_code == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "fonts.googleapis.com" not in answer.text


def test_boxes_are_empty_and_not_nothing_before_anybody_writes_in_them(page_server) -> None:
    """The list was asked for with no text at all if its tab was opened before the box was drawn."""
    components = get(page_server.address, "/config").json()["components"]
    boxes = {
        each["props"]["label"]: each["props"]["value"] for each in components if each["type"] == "textbox"
    }
    assert "Find by name" in boxes
    assert {label for label, value in boxes.items() if value != ""} == set()


def test_only_uploads_are_read_not_files_of_the_server(page_server, hopper: Path) -> None:
    config = get(page_server.address, "/config").json()
    places = {each["id"]: each["props"].get("elem_id") for each in config["components"]}
    identify = next(
        each
        for each in config["dependencies"]
        if [places[one] for one in each["inputs"]] == ["identify-photo", "identify-rate"]
    )
    file = {"path": str(hopper), "meta": {"_type": "gradio.FileData"}}
    asked = {"data": [file, "0.01"], "fn_index": identify["id"], "session_hash": "intruder"}
    with requests.Session() as session:
        session.trust_env = False
        session.post(f"{page_server.address}/gradio_api/queue/join", json=asked, timeout=20)
        answer = session.get(
            f"{page_server.address}/gradio_api/queue/data", params={"session_hash": "intruder"}, timeout=20
        )
    assert '"process_completed"' in answer.text
    assert '"success":false' in answer.text
    assert "face found" not in answer.text


def test_another_browser_is_not_given_an_upload(page_server, hopper: Path, tmp_path: Path) -> None:
    def browser() -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.get(page_server.address, timeout=20)
        assert session.cookies
        return session

    photo = tmp_path / "me.jpg"
    with Image.open(hopper) as image:
        image.save(photo, quality=83)  # else it is an example of the page
    with browser() as own, browser() as other:
        with photo.open("rb") as file:
            answer = own.post(
                f"{page_server.address}/gradio_api/upload", files={"files": ("me.jpg", file)}, timeout=20
            )
        (path,) = answer.json()
        got = [each.get(f"{page_server.address}/gradio_api/file={path}", timeout=20) for each in (own, other)]
    assert got[0].content == photo.read_bytes()
    assert got[1].status_code == 404


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("127.0.0.1.evil.example:80", 421),
        ("localhost.evil.example", 421),
        ("192.0.2.1:80", 421),
        ("localhost:80", 200),
        ("LocalHost", 200),
        ("127.0.0.2:80", 200),
        ("[::1]:80", 200),
    ],
)
def test_another_host_name_is_refused(page_server, host: str, status: int) -> None:
    assert get(page_server.address, Host=host).status_code == status


def test_there_is_no_programming_interface_nor_share_link(page_server) -> None:
    config = get(page_server.address, "/config").json()
    assert config["footer_links"] == []
    assert not config.get("share_url")
    assert {each["api_visibility"] for each in config["dependencies"]} == {"private"}
    assert get(page_server.address, "/openapi.json").status_code == 404


def test_a_taken_port_and_no_traces_after_the_end(start_page) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        page = start_page(port=port)
        assert page.address
        assert f"Port {port} is taken; using {page.address.rpartition(':')[2]} instead." in "".join(
            page.lines
        )
        assert list(page.folder.glob("facenet-app-*"))
        page.process.send_signal(signal.SIGTERM)
        assert page.process.wait(20) == 0
    assert not list(page.folder.glob("facenet-app-*"))


def test_another_loopback_address_and_no_measured_threshold(start_page, unmeasured) -> None:
    page = start_page(host="127.0.0.2", threshold=None, **unmeasured)
    assert page.address.startswith("http://127.0.0.2:")
    answer = get(page.address)
    assert answer.status_code == 200
    assert "No threshold was measured for model unmeasured" in answer.text


def test_a_wrong_setting_is_one_sentence(start_page) -> None:
    page = start_page(model="nonsense")
    assert page.process.wait(20) == 5
    assert page.lines[-1].startswith("Error: ")
    assert "Traceback" not in "".join(page.lines)


def test_an_unknown_host() -> None:
    with pytest.raises(UsageError, match="is not known"):
        serve(load_settings(host="no.such.host.invalid"), lambda _: None)

"""The pages are served as they are in the package, and kept by a browser as long as they may be."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from otel_steps import viewer
from otel_steps.serving.access import Role
from otel_steps.viewer.assets import Assets
from tests.viewing import client_of, opened_library


@pytest.fixture(name="client")
def _client() -> Iterator[TestClient]:
    with opened_library() as library:
        yield client_of(library)


@pytest.mark.parametrize("path", ["/", "/compare?a=1&b=2", "/t/aaaaaaaa-1", "/t/a%2Fb"])
def test_every_address_of_a_page_is_the_page(client: TestClient, path: str) -> None:
    """The script of the one page reads the address; what it needs is on this server."""
    answer = client.get(path)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    base, *addresses = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert (base, bool(addresses)) == ("/", True)
    for address in addresses:
        assert re.match(r"static/[0-9a-f]{12}/", address)
        file = client.get(base + address)
        assert file.status_code == 200
        assert file.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|javascript:", answer.text)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("de, *", "en"),
        ("", "en"),
    ],
)
def test_page_names_the_words_of_its_reader(
    client: TestClient, accepted: str, language: str
) -> None:
    """And of no other language: nobody reads both at once."""
    text = client.get("/t/aaaaaaaa-1", headers={"Accept-Language": accepted}).text

    words = set(re.findall(r'modulepreload" href="static/[^"]+/(words\.[^"]+)"', text))
    assert words == {f"words.{language}.js", f"words.task.{language}.js"}


def test_file_by_its_name_is_asked_for_again(client: TestClient) -> None:
    """An address without a version is asked for each time, and sent once."""
    first = client.get("/static/app.js")
    again = client.get("/static/app.js", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["cache-control"] == again.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_text_is_sent_small_to_who_can_read_it(client: TestClient) -> None:
    """Scripts and rows are compressed on the way, which the weight of a first load counts on."""
    for path in ("/static/style.css", "/openapi.json"):
        small = client.get(path, headers={"Accept-Encoding": "gzip"})
        plain = client.get(path, headers={"Accept-Encoding": "identity"})

        assert small.headers["content-encoding"] == "gzip"
        assert int(small.headers["content-length"]) < len(plain.content) / 2
        assert small.content == plain.content


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static/nothing.js",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2Fapp.py",
        "/static/task/../../app.py",
        "/static//etc/passwd",
        "/static/task",
        "/static/..%5Capp.py",
        "/nowhere",
    ],
)
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    """No address leads out of the folder of the pages."""
    answer = client.get(path)

    assert answer.status_code == 404
    assert "import" not in answer.text


def test_upgrade_is_seen(tmp_path: Path) -> None:
    """A file that changes gets another address; who still has the old one gets the new file."""
    root = tmp_path / "static"
    shutil.copytree(Path(viewer.__file__).parent / "static", root)
    assets = Assets(root)
    before = assets.page("list", "en", Role.READ).content.decode()
    (root / "route.js").write_text("other", encoding="utf-8")
    after = assets.page("list", "en", Role.READ).content.decode()
    (address,) = re.findall(r'href="static/(.+/route\.js)"', before)

    old = assets.find(address)

    assert before != after
    assert old is not None
    assert (old.content, old.is_fixed) == (b"other", False)


def test_hidden_and_odd_files_are_left_out(tmp_path: Path) -> None:
    """Only what a page is made of is served: no hidden file, no script of ours, no folder."""
    for name in (".hidden.js", "module.py", "app.js"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "folder.js").mkdir()
    assets = Assets(tmp_path)

    names = [*(path.name for path in tmp_path.iterdir()), "/app.js", ""]

    assert [name for name in names if assets.find(name) is not None] == ["app.js"]

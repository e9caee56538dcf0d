"""Nobody looks without a session or the token, and no page but the viewer's own can ask."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from otel_steps.config import Secret
from otel_steps.serving.hosts import Hosts, is_loopback, shown_name
from otel_steps.serving.kept_secret import KeptSecret
from otel_steps.serving.keys import Keys
from otel_steps.viewer.library import Library
from otel_steps.viewer.security import MAX_BODY_BYTES
from tests.commands import store_tasks
from tests.viewing import COOKIE, TOKEN, URL, app_of, client_of, opened_library

ANNOTATIONS = "/api/tasks/aaaaaaaa-1/annotations"
WORDS = {"tags": ["x"], "notes": ""}


@pytest.fixture(name="library")
def _library() -> Iterator[Library]:
    store_tasks("aaaaaaaa-1")
    with opened_library() as library:
        yield library


@pytest.fixture(name="keys")
def _keys() -> Keys:
    return Keys(Secret(TOKEN))


@pytest.fixture(name="stranger")
def _stranger(library: Library, keys: Keys) -> TestClient:
    """Return a client that sends nothing that it was not given."""
    app = app_of(library, keys=keys)
    return TestClient(app, base_url=URL, follow_redirects=False)


def sign_in(client: TestClient, keys: Keys) -> None:
    assert client.get("/", params={"t": keys.link.reveal()}).status_code == 303


@pytest.mark.parametrize(
    "path",
    ["/api/tasks", "/img/" + "0" * 64, "/metrics", "/static/app.js", "/", "/t/aaaaaaaa-1"],
)
def test_stranger_sees_nothing(stranger: TestClient, path: str) -> None:
    """Without a session or the token all but `/healthz` and `/readyz` is refused."""
    answer = stranger.get(path)

    assert answer.status_code == 401
    assert "aaaaaaaa" not in answer.text
    assert stranger.get("/healthz").status_code == 200


def test_refusal_tells_a_person_in_both_languages(stranger: TestClient) -> None:
    """A browser shows what to do; a program is told how it authenticates."""
    page, program = stranger.get("/"), stranger.get("/api/tasks")

    assert "每个链接只能使用一次" in page.text
    assert "a link works once" in page.text
    assert program.headers["www-authenticate"] == "Bearer"
    assert program.json()["error"]["code"] == "unauthorized"


def test_link_becomes_a_cookie_and_leaves_the_address(stranger: TestClient, keys: Keys) -> None:
    """The link opens a session that no script can read and no other site can use."""
    answer = stranger.get("/compare", params={"a": "1", "t": keys.link.reveal(), "b": "ä&"})

    assert answer.status_code == 303
    assert answer.headers["location"] == "/compare?a=1&b=%C3%A4%26"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}={keys.session.reveal()}; ")
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Path=/"))
    assert keys.link.reveal() not in cookie
    assert stranger.get("/api/tasks").status_code == 200


def test_link_to_a_task_keeps_its_id(stranger: TestClient, keys: Keys) -> None:
    """What is encoded in the path stays so: decoded, it would lead to another task."""
    answer = stranger.get("/t/a%2Fb%3Fc%23d", params={"t": keys.link.reveal()})

    assert answer.headers["location"] == "/t/a%2Fb%3Fc%23d"


def test_link_works_once(library: Library, stranger: TestClient, keys: Keys) -> None:
    """A second browser is refused; the one that used the link is led on again."""
    sign_in(stranger, keys)
    other = TestClient(app_of(library, keys=keys), base_url=URL, follow_redirects=False)

    assert other.get("/", params={"t": keys.link.reveal()}).status_code == 401
    assert stranger.get("/", params={"t": keys.link.reveal()}).status_code == 303
    assert stranger.get("/", params={"t": "anything"}).headers["location"] == "/"


def test_token_opens_sessions_and_they_outlive_a_restart(library: Library) -> None:
    """Everybody who has the token of the environment may look, and stays signed in."""
    for _ in range(2):
        client = TestClient(
            app_of(library, keys=Keys(Secret(TOKEN))), base_url=URL, follow_redirects=False
        )
        assert client.get("/", params={"t": TOKEN}).status_code == 303
        cookie = client.cookies[COOKIE]
    restarted = TestClient(app_of(library, keys=Keys(Secret(TOKEN))), base_url=URL)
    restarted.cookies.set(COOKIE, cookie)

    assert restarted.get("/api/tasks").status_code == 200


@pytest.mark.parametrize("entered", [TOKEN, f" {TOKEN} ", f"{URL}/compare?a=1&t={TOKEN}"])
def test_token_is_entered_on_the_page_that_asks_for_it(stranger: TestClient, entered: str) -> None:
    """It leads on to where one wanted to go; a whole link will do."""
    answer = stranger.post("/t/a%2Fb?player=1", data={"token": entered}, headers={"Origin": URL})

    assert (answer.status_code, answer.headers["location"]) == (303, "/t/a%2Fb?player=1")
    assert stranger.get("/api/tasks").status_code == 200


@pytest.mark.parametrize("form", [{"token": "wrong"}, {"token": ""}, {}, {"token": "http://[x"}])
def test_wrong_token_on_the_page_is_said(stranger: TestClient, form: dict[str, str]) -> None:
    """And asked for again; a page of another site cannot try."""
    answer = stranger.post("/", data=form)

    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert ('role="alert"' in answer.text) is True
    foreign = stranger.post("/", data={"token": TOKEN}, headers={"Origin": "http://evil.example"})
    assert foreign.status_code == 403


def test_sessions_outlive_a_restart_without_a_token(library: Library, tmp_path: Path) -> None:
    """Yesterday's link to a step opens in the browser that was signed in before."""
    kept = tmp_path / "secret"
    before = Keys(kept=KeptSecret(kept))
    client = TestClient(app_of(library, keys=before), base_url=URL, follow_redirects=False)
    assert not kept.exists()
    sign_in(client, before)
    if os.name == "posix":
        assert kept.stat().st_mode & 0o777 == 0o600

    restarted = TestClient(
        app_of(library, keys=Keys(kept=KeptSecret(kept))), base_url=URL, cookies=client.cookies
    )
    assert restarted.get("/api/tasks").status_code == 200
    link = {"t": before.link.reveal()}
    assert restarted.get("/", params=link).status_code == 200
    stranger = TestClient(app_of(library, keys=Keys(kept=KeptSecret(kept))), base_url=URL)
    assert stranger.get("/", params=link).status_code == 401


def test_kept_secret_is_one_for_all_who_make_it(tmp_path: Path) -> None:
    """Viewers that start at once agree; what others could have read is replaced."""
    path = tmp_path / "secret"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: KeptSecret(path).make(), range(32)))

    assert made == {KeptSecret(path).read()}
    assert list(tmp_path.iterdir()) == [path]
    if os.name == "posix":
        path.chmod(0o644)
        assert KeptSecret(path).read() is None
        assert {KeptSecret(path).make()} != made
    path.write_bytes(b"cut off")
    assert KeptSecret(path).make() == KeptSecret(path).read()
    assert len(KeptSecret(tmp_path / "no folder" / "secret").make()) == 32
    assert not (tmp_path / "no folder").exists()


@pytest.mark.parametrize(
    "value",
    ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer ä"],
)
def test_wrong_token_is_refused(stranger: TestClient, value: str) -> None:
    """Only the token to the letter lets a script in."""
    headers = {"Authorization": value.encode("latin-1")}

    assert stranger.get("/api/tasks", headers=headers).status_code == 401


def test_empty_secrets_open_nothing(library: Library) -> None:
    """Where there is no token, none is the right one; an empty cookie is no session."""
    client = TestClient(app_of(library, keys=Keys()), base_url=URL, follow_redirects=False)

    for headers in ({"Authorization": "Bearer None"}, {"Cookie": f"{COOKIE}="}):
        assert client.get("/api/tasks", headers=headers).status_code == 401
    assert client.get("/", params={"t": ""}).status_code == 401


def test_link_in_an_address_for_programs_opens_nothing(stranger: TestClient, keys: Keys) -> None:
    """The link's secret counts in the address of a page only, and only to read it."""
    secret = {"t": keys.link.reveal()}

    assert stranger.get("/api/tasks", params=secret).status_code == 401
    assert stranger.post("/", params=secret).status_code == 401
    sign_in(stranger, keys)


def test_redirect_stays_here(stranger: TestClient, keys: Keys) -> None:
    """A link that was tampered with leads to no other site."""
    for path in ("//evil.example/", "/\\evil.example/"):
        answer = stranger.get(f"{URL}{path}", params={"t": keys.link.reveal()})

        assert answer.headers.get("location", "/") in ("/", "/evil.example/", "/%5Cevil.example/")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:4320",
        "127.0.0.1",
        "127.0.0.1:4321",
        "127.0.0.1:4320.evil.example",
        "localhost.evil.example:4320",
        "127.0.0.1:04320",
        "[::1]",
        "10.0.0.1:4320",
        "",
    ],
)
def test_other_names_are_refused(library: Library, host: str) -> None:
    """A name that somebody points at this machine is not ours, not even with the token."""
    answer = client_of(library).get("/api/tasks", headers={"Host": host})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "unknown_host"


@pytest.mark.parametrize(
    "host", ["127.0.0.1:4320", "localhost:4320", "LOCALHOST:4320", "[::1]:4320"]
)
def test_own_names_are_known(library: Library, host: str) -> None:
    """Whoever names this viewer to the letter is heard."""
    assert client_of(library).get("/api/tasks", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of this machine is "the same site"
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:4320"},
        {"Origin": "https://127.0.0.1:4320"},
        {"Sec-Fetch-Site": "none", "Origin": "http://evil.example"},
    ],
    ids=str,
)
def test_other_pages_are_refused(stranger: TestClient, keys: Keys, headers: dict[str, str]) -> None:
    """A page of another site gets nothing, although the cookie comes along."""
    sign_in(stranger, keys)

    for path in ("/api/tasks", "/", "/healthz"):
        answer = stranger.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in answer.headers


def test_own_page_reads_and_writes(stranger: TestClient, keys: Keys) -> None:
    """The viewer's own page writes notes and tags, and says who it is."""
    sign_in(stranger, keys)

    for headers in ({"Sec-Fetch-Site": "same-origin"}, {"Origin": URL}):
        assert stranger.post(ANNOTATIONS, json=WORDS, headers=headers).status_code == 200


def test_cookie_alone_does_not_write(stranger: TestClient, keys: Keys) -> None:
    """A write with the cookie must be seen to come from our page; the token needs no page."""
    sign_in(stranger, keys)

    assert stranger.post(ANNOTATIONS, json=WORDS).status_code == 403
    bearer = {"Authorization": f"bearer {TOKEN}"}
    assert stranger.post(ANNOTATIONS, json=WORDS, headers=bearer).status_code == 200


def test_only_annotations_write(library: Library) -> None:
    """No other route takes anything but a question."""
    client = client_of(library)
    paths = client.get("/openapi.json").json()["paths"]

    writing = [(path, method) for path, item in paths.items() for method in item if method != "get"]

    assert writing == [
        ("/api/selection/tags", "post"),
        ("/api/selection/removal", "post"),
        ("/api/tasks/{task_id}/steps/{step_id}/annotations", "post"),
        ("/api/tasks/{task_id}/annotations", "post"),
    ]
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.request(method, "/api/tasks/aaaaaaaa-1")
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": str(MAX_BODY_BYTES + 1)}, 413),
        ({"Content-Length": "many"}, 411),
        ({"Content-Length": "9" * 30}, 411),
        ({"Transfer-Encoding": "chunked"}, 411),
    ],
    ids=str,
)
def test_bodies_are_bounded(library: Library, headers: dict[str, str], status: int) -> None:
    """What is too long, or does not say how long it is, is refused before it is read."""
    answer = client_of(library).post(ANNOTATIONS, headers=headers)

    assert answer.status_code == status
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/", "/api/tasks", "/static/app.js", "/nowhere", "/healthz"])
def test_every_answer_forbids_what_it_can(library: Library, path: str) -> None:
    """Scripts and pictures come from here alone, text is never made into HTML, nobody frames us."""
    headers = client_of(library).get(path).headers

    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "require-trusted-types-for 'script'; trusted-types 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "cache-control" in headers


def test_failure_of_the_viewer_tells_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails inside is an answer of the same kind, with the same headers, and no traceback."""

    def broken(_: str) -> None:
        raise LookupError("/secret/path")

    monkeypatch.setattr(library, "task", broken)
    client = TestClient(
        app_of(library), base_url=URL, headers={"Authorization": f"Bearer {TOKEN}"},
        raise_server_exceptions=False,
    )  # fmt: skip

    answer = client.get("/api/tasks/x")

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_server_may_say_that_it_starts(library: Library) -> None:
    """What is no request passes: servers tell an application when they start and end."""
    with client_of(library) as client:
        assert client.get("/healthz").text == "ok\n"


def test_secrets_do_not_show(keys: Keys) -> None:
    """No secret of the viewer is in a log line or a traceback by accident."""
    shown = f"{keys.link} {keys.link!r} {keys.session} {vars(keys)}"

    assert not any(secret in shown for secret in (TOKEN, keys.link.reveal(), keys.session.reveal()))


def test_everywhere_means_addresses_and_own_names() -> None:
    """Bound to all addresses, the viewer answers to any address and to the machine's name."""
    hosts = Hosts("0.0.0.0", 80)

    assert all(
        hosts.allow(name) for name in ("10.0.0.1", "10.0.0.1:80", "[fe80::1]:80", "localhost")
    )
    assert hosts.allow(f"{shown_name('0.0.0.0')}:80")
    assert not any(hosts.allow(name) for name in ("evil.example", "10.0.0.1:81", "evil.example:80"))


def test_named_host_is_known() -> None:
    """The name that was given to listen on is ours, whatever its case."""
    hosts = Hosts("Phones.Example", 8000)

    assert hosts.allow("phones.example:8000")
    assert shown_name("Phones.Example") == "phones.example"
    assert shown_name("fe80::1") == "[fe80::1]"


@pytest.mark.parametrize(
    ("host", "is_own"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True),
     ("0.0.0.0", False), ("192.168.0.1", False), ("phones.example", False)],
)  # fmt: skip
def test_loopback_is_told_from_the_network(host: str, is_own: bool) -> None:
    """Only what stays on this machine needs no token."""
    assert is_loopback(host) is is_own

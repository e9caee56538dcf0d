"""The way to Supabase through proxies and past certificates, as the environment says."""

import hashlib
import logging
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import supabase
import trustme

from otel_steps.config import Settings, resolve
from otel_steps.rows.model import Batch
from otel_steps.stores import StoreOnHold, StoreUnavailable, open_store
from otel_steps.stores.pictures import open_screenshots
from otel_steps.stores.supabase import client
from tests.forward_proxy import ForwardProxy, TlsFront, serving
from tests.patience import PATIENCE_S
from tests.pictures import png
from tests.store_contract import a_step
from tests.supabase.line import Line, numbers_in
from tests.supabase.stack import SupabaseStack

pytest_plugins = ["tests.supabase.fixtures"]

# What plain supabase-py warns of by itself.
plain = pytest.mark.filterwarnings("ignore::DeprecationWarning")

PROJECT = "abcdefgh.supabase.invalid"
PICTURE = png(64, 128)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away the proxies and certificates of the machine."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT_"):
            monkeypatch.delenv(name)


@pytest.fixture
def project(supabase_stack: SupabaseStack, tmp_path: Path) -> Settings:
    """Return the settings that name an empty project."""
    key = supabase_stack.secret_key
    return resolve(supabase_url=supabase_stack.url, supabase_key=key, dir=tmp_path / "data")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return a CA that nobody knows."""
    return trustme.CA()


@pytest.fixture
def tls(supabase_stack: SupabaseStack, authority: trustme.CA) -> Iterator[TlsFront]:
    """Give TLS in front of the project."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(PROJECT, "localhost").configure_cert(context)
    with serving(TlsFront(port_of(supabase_stack.url), context)) as front:
        yield front


@pytest.fixture
def proxy(supabase_stack: SupabaseStack) -> Iterator[ForwardProxy]:
    """Give a proxy behind which every address is that of the project."""
    with serving(ForwardProxy(port_of(supabase_stack.url))) as proxy:
        yield proxy


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def use(settings: Settings) -> None:
    """Go to PostgREST and to Storage."""
    store = open_store(settings=settings)
    try:
        store.write(Batch(steps=[a_step()]))
        pictures = open_screenshots(settings, store)
        pictures.save(hashlib.sha256(PICTURE).hexdigest(), PICTURE)
    finally:
        store.close()


def use_plainly(settings: Settings) -> None:
    """Go there as a program does that uses supabase-py."""
    assert settings.supabase_url is not None
    assert settings.supabase_key is not None
    client = supabase.create_client(settings.supabase_url, settings.supabase_key.reveal())
    try:
        client.table("tasks").select("*").limit(1).execute()
        client.storage.from_("otel-steps").list()
    finally:
        client.postgrest.session.close()
        client.storage.session.close()
        client.auth.close()


# Variables, as far as they are set, -> whether plain HTTP goes by the proxy.
WAYS = {
    "HTTP_PROXY=http://{proxy}": True,
    "http_proxy={proxy}": True,
    "ALL_PROXY=http://{proxy}": True,
    "HTTP_PROXY=http://me:hunter2@{proxy}": True,
    "HTTPS_PROXY=http://{proxy}": False,
    "HTTP_PROXY=http://{proxy} NO_PROXY=other,127.0.0.1": False,
    "HTTP_PROXY=http://{proxy} NO_PROXY=*": False,
    "HTTP_PROXY=http://{proxy} no_proxy=.supabase.co": True,
    "": False,
}


@plain
@pytest.mark.parametrize("variables", WAYS)
def test_a_proxy_is_used_as_by_plain_supabase(
    project: Settings, proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch, variables: str
) -> None:
    """Rows and pictures go the same way as the requests of any other program."""
    if "hunter2" in variables:
        proxy.login = "me:hunter2"
    set_variables(monkeypatch, variables, proxy)

    for go in (use_plainly, use):
        proxy.asked.clear()
        go(project)
        hosts = {asked.split()[1] for asked in proxy.asked}
        assert hosts == ({urlsplit(project.supabase_url).netloc} if WAYS[variables] else set())


def set_variables(monkeypatch: pytest.MonkeyPatch, text: str, proxy: ForwardProxy) -> None:
    for variable in text.format(proxy=f"127.0.0.1:{proxy.port}").split():
        monkeypatch.setenv(*variable.split("=", 1))


@plain
def test_https_goes_through_a_tunnel(
    project: Settings,
    proxy: ForwardProxy,
    tls: TlsFront,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name of the project is for the proxy to know, its certificate for us to check."""
    proxy.port_behind = tls.port
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")

    for go in (use_plainly, use):
        proxy.asked.clear()
        go(replace(project, supabase_url=f"https://{PROJECT}"))
        assert set(proxy.asked) == {f"CONNECT {PROJECT}:443"}


@plain
@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_ca_of_ones_own_is_trusted(
    project: Settings,
    tls: TlsFront,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """Where the environment names it; without it, the message names the variable."""
    secure = replace(project, supabase_url=f"https://localhost:{tls.port}")
    with pytest.raises(StoreOnHold, match="certificate is not trusted") as held:
        open_store(settings=secure)
    assert "SSL_CERT_FILE" in held.value.remedy

    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    if variable == "SSL_CERT_DIR":
        subject = subprocess.run(
            ["openssl", "x509", "-noout", "-hash", "-in", file], capture_output=True, text=True
        )
        file = file.rename(tmp_path / f"{subject.stdout.strip()}.0").parent
    monkeypatch.setenv(variable, str(file))
    use_plainly(secure)
    use(secure)


def test_a_certificate_for_another_name_is_not_trusted(
    project: Settings,
    tls: TlsFront,
    authority: trustme.CA,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The reason is told."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    with pytest.raises(StoreOnHold, match="IP address mismatch"):
        open_store(settings=replace(project, supabase_url=f"https://127.0.0.1:{tls.port}"))


def test_plain_http_where_tls_is_expected(project: Settings, supabase_stack: SupabaseStack) -> None:
    """A project that speaks no TLS is told from one that is away."""
    address = supabase_stack.url.replace("http:", "https:")
    with pytest.raises(StoreUnavailable, match=r"TLS fails.*begin with the right one"):
        open_store(settings=replace(project, supabase_url=address))


# --- Proxies that do not help

REFUSALS = {
    407: (StoreOnHold, "wants user and password", "user:password@host"),
    403: (StoreOnHold, "refuses to go there (403)", "NO_PROXY"),
    502: (StoreUnavailable, "does not get there (502); is the project paused or deleted?", ""),
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_proxy_that_opens_no_tunnel_is_named(
    project: Settings, proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """With its address, without its password, and with what to do."""
    kind, words, remedy = REFUSALS[status]
    proxy.refusal = status
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{proxy.port}")

    with pytest.raises(kind) as failed:
        open_store(settings=replace(project, supabase_url=f"https://{PROJECT}"))

    assert f"Supabase at {PROJECT} cannot be reached through the proxy 127.0.0.1" in str(
        failed.value
    )
    assert words in str(failed.value)
    assert remedy in getattr(failed.value, "remedy", "")
    assert "hunter2" not in str(failed.value)


def test_a_login_is_asked_for_without_a_tunnel_too(
    project: Settings, proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of what waits is blamed for it."""
    proxy.login = "me:hunter2"
    monkeypatch.setenv("HTTP_PROXY", f"http://me:wrong@127.0.0.1:{proxy.port}")

    with pytest.raises(StoreOnHold, match="proxy wants user and password"):
        open_store(settings=project)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://me:hunter2@127.0.0.1:1", r"proxy 127\.0\.0\.1:1: the connection is refused"),
        ("http://me:hunter2@proxy.invalid:3128", r"proxy proxy\.invalid:3128: the name of the"),
    ],
)
def test_a_proxy_that_is_away_is_named(
    project: Settings, monkeypatch: pytest.MonkeyPatch, address: str, words: str
) -> None:
    """It is not the project that is away, and the variable to look at is told."""
    monkeypatch.setenv("HTTP_PROXY", address)

    with pytest.raises(StoreUnavailable, match=f"{words}.*HTTP_PROXY") as failed:
        open_store(settings=project)

    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize(
    ("variable", "value", "words", "remedy"),
    [
        ("HTTPS_PROXY", "ftp://me:hunter2@h:1", "proxy that is not one", "HTTPS_PROXY"),
        ("HTTPS_PROXY", "http://me:hunter2@h:many", "proxy that is not one", "HTTPS_PROXY"),
        ("ALL_PROXY", "socks5://me:hunter2@h:1", "SOCKS", "httpx[socks]"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "/nowhere/ca.pem", "PEM"),
        ("SSL_CERT_FILE", __file__, "test_proxies.py", "PEM"),
    ],
)
def test_an_environment_that_cannot_be_followed_is_on_hold(
    project: Settings,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    words: str,
    remedy: str,
) -> None:
    """A person has misspelt something; secrets are not shown."""
    monkeypatch.setenv(variable, value)

    with pytest.raises(StoreOnHold) as held:
        open_store(settings=project)

    assert words in str(held.value)
    assert remedy in held.value.remedy
    assert "hunter2" not in f"{held.value}{held.value.__cause__}"


@pytest.mark.parametrize("address", ["me:wrong@127.0.0.1:{port}", "nobody.invalid:3128"])
def test_what_waits_is_sent_once_the_way_is_open(
    project: Settings,
    supabase_stack: SupabaseStack,
    proxy: ForwardProxy,
    monkeypatch: pytest.MonkeyPatch,
    address: str,
) -> None:
    """Nothing is buried, and the environment is looked at again."""
    proxy.login = "me:hunter2"
    monkeypatch.setenv("HTTP_PROXY", f"http://{address.format(port=proxy.port)}")
    line = Line(project)
    line.record(1, 2, 3, picture=PICTURE)
    assert not line.shipper.flush(1.0)
    assert line.letters == []

    monkeypatch.delenv("HTTP_PROXY")
    assert line.shipper.flush(PATIENCE_S)
    assert numbers_in(supabase_stack) == [1, 2, 3]
    assert line.letters == line.leftovers == []
    line.shipper.shutdown(PATIENCE_S)


def test_no_log_has_the_password_of_the_proxy(
    project: Settings,
    proxy: ForwardProxy,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Even where everything is logged."""
    caplog.set_level(logging.DEBUG)
    proxy.login = "me:hunter2"
    monkeypatch.setenv("HTTP_PROXY", f"http://me:hunter2@127.0.0.1:{proxy.port}")

    use(project)

    assert "connect_tcp" in caplog.text
    assert "hunter2" not in caplog.text


# --- Without a proxy


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://127.0.0.1:1", "the connection is refused; is it running? Check host and port"),
        ("https://nobody.invalid", "unknown (.*); is the project paused or deleted?"),
    ],
)
def test_a_project_that_is_away_is_waited_for(project: Settings, address: str, words: str) -> None:
    """What has happened is named, and what to look at."""
    with pytest.raises(StoreUnavailable, match="SUPABASE_URL") as failed:
        open_store(settings=replace(project, supabase_url=address))

    for part in words.split("(.*)"):
        assert part in str(failed.value)


def test_a_host_that_takes_no_connection_is_given_up(
    project: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sent there gets lost, as behind a firewall; the limit is told."""
    monkeypatch.setattr(client, "CONNECT_S", 0.2)
    # A server that accepts nobody: its queue takes one, and then the system answers no more.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server, ExitStack() as taken:
        port = server.getsockname()[1]
        for _ in range(2):
            waiting = taken.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        with pytest.raises(StoreUnavailable, match=r"no connection within 0\.2 s"):
            open_store(settings=replace(project, supabase_url=f"http://127.0.0.1:{port}"))

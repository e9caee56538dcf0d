"""Who has a token of their own does what it is for, and sees one project where it is for that."""

import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from otel_steps import semconv
from otel_steps.config import ConfigError, Secret, resolve
from otel_steps.rows.ids import screenshot_id
from otel_steps.rows.mapping import batch_of
from otel_steps.rows.model import Batch, ScreenshotRow
from otel_steps.serving.access import Role
from otel_steps.serving.keys import Keys
from otel_steps.serving.tokens import FILE, Tokens
from otel_steps.viewer.library import Library
from tests.commands import command, task_spans
from tests.viewing import COOKIE, TOKEN, URL, app_of, client_of, opened_library

OWN, OTHER = "shop-1", "bank-1"
# Of the other project: its task and all that is said in it.
CANARY = "bank"
SHA = "ab" * 32
WORDS = {"tags": ["x"], "notes": ""}


@pytest.fixture(name="tokens")
def _tokens() -> Tokens:
    return Tokens(resolve().dir / FILE)


@pytest.fixture(name="library")
def _library() -> Iterator[Library]:
    with opened_library() as library:
        for number, task_id in enumerate((OWN, OTHER), 1):
            project = task_id.partition("-")[0]
            said = {semconv.PROJECT: project, semconv.DEVICE_ID: project}
            library.store.write(batch_of(task_spans(task_id, number=number, **said), {}))
            # Of both projects the same screen.
            step = library.store.steps(task_id)[0]
            shot = ScreenshotRow(
                id=screenshot_id(step["id"], SHA),
                task_id=task_id,
                step_id=step["id"],
                screenshot_path=f"{SHA[:2]}/{SHA}.webp",
                created_at=step["created_at"],
                phash=7,
            )
            library.store.write(Batch(screenshots=[shot]))
        yield library


@pytest.fixture(name="signed_in")
def _signed_in(library: Library, tokens: Tokens) -> Callable[..., TestClient]:
    """Return what gives a client with a new token of its own."""

    def signed_in(role: Role = Role.READ, project: str | None = None) -> TestClient:
        token = tokens.add(f"{role}-{project}", role, project).reveal()
        client = client_of(library, keys=Keys(Secret(TOKEN), tokens=tokens))
        client.headers["Authorization"] = f"Bearer {token}"
        return client

    return signed_in


def annotated(client: TestClient, task_id: str = OWN) -> int:
    return client.post(f"/api/tasks/{task_id}/annotations", json=WORDS).status_code


@pytest.mark.parametrize(
    ("role", "allowed"), [(Role.READ, False), (Role.ANNOTATE, True), (Role.DELETE, True)]
)
def test_a_role_is_what_may_be_done(
    signed_in: Callable[..., TestClient], role: Role, allowed: bool
) -> None:
    """Looking is for all of them; a refusal says which role is missing and who gives it."""
    client = signed_in(role)

    assert client.get("/api/tasks").status_code == 200
    assert annotated(client) == (200 if allowed else 403)
    if not allowed:
        error = client.post(f"/api/tasks/{OWN}/annotations", json=WORDS).json()["error"]
        assert error["code"] == "role"
        assert "token add NAME --role annotate" in error["message"]


def addresses(client: TestClient, task_id: str, step_id: str) -> Iterator[str]:
    """Yield every address that is read, with the ids of a task and of a step of it."""
    document = client.get("/openapi.json").json()
    known = {
        "task_id": task_id,
        "step_id": step_id,
        "form": "json",
        "sha256": "0" * 64,
        "number": "1",
    }
    for path, routes in document["paths"].items():
        if "get" in routes and not path.endswith("/events"):
            yield re.sub(r"\{(\w+)\}", lambda name: known.get(name[1], task_id), path)


def test_nothing_of_another_project_is_seen(
    signed_in: Callable[..., TestClient], library: Library
) -> None:
    """Under no address that the viewer has; what is there of the own project, is."""
    client = signed_in(Role.DELETE, "shop")
    steps = {task_id: library.store.steps(task_id)[0]["id"] for task_id in (OWN, OTHER)}
    options = {"a": OWN, "b": OTHER, "q": "task", "project": CANARY, "task": OTHER}

    for address in addresses(client, OTHER, steps[OTHER]):
        for query in ({}, options, {"a": OTHER, "b": OTHER}):
            answer = client.get(address, params=query)
            asked = answer.text.replace(OTHER, "")  # what was asked for may stand in the message
            assert CANARY not in asked, (address, query)
            assert answer.status_code != 500, (address, query)
    assert annotated(client, OTHER) == 404
    report = client.get("/report", params={"task": [OWN, OTHER]})
    assert (report.status_code, CANARY in report.text.replace(OTHER, "")) == (404, False)
    similar = client.get(f"/api/tasks/{OWN}/steps/1/similar").json()["data"]["similar"]
    assert similar == []
    index = library.store.index(OWN)
    assert index is not None
    assert index["phash"][0] == f"{7:016x}"
    assert [row["task_id"] for row in library.store.similar(7, task_id=OWN)] == [OTHER]

    assert [each["task_id"] for each in client.get("/api/tasks").json()["data"]["tasks"]] == [OWN]
    facets = client.get("/api/tasks").json()["data"]["facets"]
    assert facets["projects"] == facets["devices"] == ["shop"]
    assert client.get("/api/statistics").json()["data"]["tasks"] == 1
    for address in addresses(client, OWN, steps[OWN]):
        if "{" not in address and OWN in address:
            assert client.get(address, params={"q": "tap"}).status_code == 200, address
    assert annotated(client) == 200


def test_a_token_that_was_removed_opens_nothing_more(library: Library, tokens: Tokens) -> None:
    """Neither itself, nor the session that it has opened in a browser."""
    token = tokens.add("ann", Role.READ, "shop").reveal()
    app = app_of(library, keys=Keys(Secret(TOKEN), tokens=tokens))
    browser = TestClient(app, base_url=URL, follow_redirects=False)
    answer = browser.post("/", data={"token": token}, headers={"Origin": URL})
    assert answer.status_code == 303
    assert token not in answer.headers["set-cookie"]
    assert browser.cookies[COOKIE]
    assert browser.get("/api/tasks").json()["data"]["pagination"]["total"] == 1

    assert tokens.remove("ann") is not None

    assert browser.get("/api/tasks").status_code == 401
    bearer = {"Authorization": f"Bearer {token}"}
    assert TestClient(app, base_url=URL).get("/api/tasks", headers=bearer).status_code == 401


def test_a_command_makes_tokens_and_takes_them_away(tokens: Tokens, tmp_path: Path) -> None:
    """The token is printed once; what is kept is for this user alone and gives it to nobody."""
    made = command("token", "add", "安", "--role", "annotate", "--project", "shop")
    token = made.out.strip()

    assert (made.status, token[:4]) == (0, "ost_")
    assert "may annotate the tasks of shop" in made.err
    found = tokens.find(token)
    assert found is not None
    assert (found.name, found.role, found.project) == ("安", Role.ANNOTATE, "shop")
    path = resolve().dir / FILE
    assert token not in path.read_text()
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    listed = command("token", "list", "--json")
    assert token not in listed.out
    facts = {"name": "安", "role": "annotate", "project": "shop"}
    assert [{name: each[name] for name in facts} for each in listed.json] == [facts]

    again = command("token", "add", "安")
    assert (again.status, "already" in again.err) == (2, True)
    assert command("token", "remove", "安").status == 0
    assert command("token", "remove", "安").status == 1
    assert tokens.all() == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"tokens": [{"name": "a"}]}'])
def test_a_file_that_is_none_of_ours_lets_nobody_in(tokens: Tokens, content: str) -> None:
    """It is said to whoever makes tokens, and kept as it is."""
    path = resolve().dir / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)

    assert tokens.find("ost_x") is None
    with pytest.raises(ConfigError, match="no file of tokens"):
        tokens.add("a", Role.READ, None)
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("role", "status"), [(Role.READ, 403), (Role.ANNOTATE, 403), (Role.DELETE, 200)]
)
def test_deleting_is_for_those_who_may(
    signed_in: Callable[..., TestClient], library: Library, role: Role, status: int
) -> None:
    """And of one's own project: tasks of another one are not there, so they stay."""
    client = signed_in(role, "shop")
    wanted = {"task_ids": [OWN, OTHER], "is_confirmed": True}

    assert client.post("/api/selection/removal", json=wanted).status_code == status

    assert (library.store.task(OWN) is None) == (status == 200)
    assert library.store.task(OTHER) is not None

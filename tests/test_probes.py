"""What machines ask the viewer and the receiver: alive, ready, and how they stand."""

from contextlib import ExitStack
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from otel_steps.health.prometheus import MEDIA_TYPE
from otel_steps.migrations import runner
from tests.collecting import Command, body_of, eventually, span
from tests.patience import PATIENCE_S
from tests.supabase.postgres import Postgres
from tests.viewing import TOKEN, view

pytest_plugins = ["tests.supabase.fixtures"]

BEARER = {"Authorization": f"Bearer {TOKEN}"}


def figures(answer: httpx.Response) -> dict[str, float]:
    """Return what Prometheus reads of an answer, by the name of the sample."""
    assert answer.headers["content-type"] == MEDIA_TYPE
    families = text_string_to_metric_families(answer.text)
    return {sample.name: sample.value for family in families for sample in family.samples}


def test_a_receiver_tells_how_it_stands(tmp_path: Path) -> None:
    """Whether it can be sent anything hangs on its disk alone: the database may be away."""
    away = {"OTEL_STEPS_STORE": "postgresql://127.0.0.1:1/none", "OTEL_STEPS_TOKEN": TOKEN}
    with Command(tmp_path, **away) as receiver, httpx.Client(base_url=receiver.url) as client:
        headers = {**BEARER, "Content-Type": "application/x-protobuf"}
        client.post("/v1/traces", content=body_of([span("step", span_id=1)]), headers=headers)

        assert client.get("/healthz").text == "ok\n"
        assert client.get("/readyz").text == "ok\n"
        assert client.get("/metrics").status_code == 401
        eventually(
            lambda: figures(client.get("/metrics", headers=BEARER))["otel_steps_span_waiting"] == 1
        )
        known = figures(client.get("/metrics", headers=BEARER))
        assert known["otel_steps_span_recorded_total"] == 1
        assert known["otel_steps_span_shipped_total"] == 0
        assert known["otel_steps_journal_size_bytes"] > 0
        assert known["otel_steps_build_info"] == 1
        eventually(
            lambda: "otel_steps_problems_total" in figures(client.get("/metrics", headers=BEARER))
        )


def test_a_receiver_whose_disk_is_full_is_not_ready(tmp_path: Path) -> None:
    """So a load balancer asks another one."""
    letter = tmp_path / "backup" / "steps" / "dead" / "unreadable-0.raw"
    letter.parent.mkdir(parents=True)
    letter.write_bytes(bytes(2 * 2**20))
    with (
        Command(tmp_path, OTEL_STEPS_MAX_DISK="1MiB") as receiver,
        httpx.Client(base_url=receiver.url) as client,
    ):
        answer = client.get("/readyz")

        assert (client.get("/healthz").status_code, answer.status_code) == (200, 503)
        assert answer.text.startswith("nothing is taken: ")


def test_a_viewer_is_ready_while_its_store_answers(postgres_server: Postgres) -> None:
    """Whoever asks hears no more than that, and sees figures with the token alone."""
    with ExitStack() as stack:
        url = stack.enter_context(postgres_server.empty_database())
        runner.apply(url)
        environ = {"OTEL_STEPS_STORE": url, "OTEL_STEPS_TOKEN": TOKEN}
        with view("--no-open", **environ) as viewer, httpx.Client(base_url=viewer.url) as client:
            assert client.get("/readyz").text == "ok\n"
            assert client.get("/metrics").status_code == 401
            assert figures(viewer.get("metrics"))["otel_steps_span_waiting"] == 0

            stack.close()  # the database is gone
            eventually(lambda: client.get("/readyz", timeout=PATIENCE_S).status_code == 503)

            assert "empty_" not in client.get("/readyz").text
            assert client.get("/healthz").status_code == 200

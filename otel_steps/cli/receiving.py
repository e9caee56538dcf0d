"""What takes spans from elsewhere, put together for the commands that do."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_steps.cli.serving import needing_grpc, needing_viewer
from otel_steps.cli.terminal import USAGE_ERROR, CommandError
from otel_steps.config import Secret, Settings
from otel_steps.health.problems import Problems
from otel_steps.health.prometheus import exposition
from otel_steps.journal import Journal
from otel_steps.journal.disk_cap import DiskCap
from otel_steps.recorder import health_of, new_shipper
from otel_steps.shipper import Shipper
from otel_steps.stores import Store, StoreError, preflight

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from otel_steps.collector.grpc_server import GrpcServer
    from otel_steps.collector.intake import Intake
    from otel_steps.serving.probes import Probes


@dataclass(frozen=True, slots=True)
class Taking:
    """
    What takes messages into the journal, and the shipper that carries them on.

    Attributes:
        intake: By whichever door they come in.
    """

    intake: "Intake"
    journal: Journal
    shipper: Shipper
    problems: Problems


@dataclass(frozen=True, slots=True)
class Receiving:
    """
    What takes spans over the network.

    Attributes:
        http: The application for OTLP/HTTP.
        taking: What is behind it.
        grpc: The server for OTLP/gRPC, to run beside it, where there is one.
        grpc_url: Its address, as exporters are told it.
    """

    taking: "Taking"
    http: "ASGIApp"
    grpc: "GrpcServer | None" = None
    grpc_url: str | None = None


def receiving(
    settings: Settings, token: Secret | None, *, host: str, grpc_port: int | None
) -> Receiving:
    """
    Return what takes spans.

    Args:
        token: What senders need; without one, any program of this machine may send.
        host: The address that the servers listen on.
        grpc_port: That of the server for gRPC, 0 for any that is free, None for no such server.

    Raises:
        CommandError: An extra is missing, or the journal is none that a receiver can have.
        PortTaken: Another program listens on *grpc_port*.
    """
    with needing_viewer():
        from otel_steps.collector import app
        from otel_steps.serving import below_root, hosts, server
    if grpc_port is not None:
        with needing_grpc():
            from otel_steps.collector import grpc_server
        grpc_port = server.free_port(host, grpc_port, option="--grpc-port")
    taking = intake_of(settings, token)
    http = below_root.BelowRoot(
        app.create_app(
            taking.intake, probes_of(settings, taking.shipper, taking.problems, taking.journal)
        ),
        settings.root_path.path,
    )
    if grpc_port is None:
        return Receiving(taking, http)
    return Receiving(
        taking,
        http,
        grpc_server.GrpcServer(taking.intake, hosts.bracketed(host), grpc_port),
        f"http://{hosts.shown_name(host)}:{grpc_port}",
    )


def intake_of(settings: Settings, token: Secret | None) -> Taking:
    """
    Return what takes messages; raises as `receiving` does.

    Args:
        token: What senders need, where they come in by a door that others can reach.
    """
    with needing_viewer():
        from otel_steps.collector import intake, receiver
        from otel_steps.serving import guard, keys
    preflight.check(settings)
    problems = Problems(settings.problems_dir)
    journal = _journal(settings, problems)
    shipper = new_shipper(settings, problems, journal)
    taker = receiver.Receiver(settings, journal, on_kept=shipper.notify, problems=problems)
    return Taking(intake.Intake(taker, guard.Guard(keys.Keys(token))), journal, shipper, problems)


def probes_of(
    settings: Settings,
    shipper: Shipper,
    problems: Problems,
    journal: Journal | None,
    *,
    store: Store | None = None,
    hindrance: Callable[[], str | None] = lambda: None,
    figures: Callable[[], str] = lambda: "",
) -> "Probes":
    """
    Return what tells machines how a server stands.

    Args:
        journal: It is ready while this takes something, whether the store does or not.
        store: It is ready while this answers.
        hindrance: What else may stand in the way.
        figures: Further ones, as text for Prometheus.
    """
    from otel_steps.serving.probes import Probes

    def hindered() -> str | None:
        if journal is not None and (refusal := disk_refusal(settings)):
            return f"nothing is taken: {refusal}"
        if store is not None:
            try:
                store.tasks(limit=1)
            except StoreError:
                return "the store does not answer; `otel-steps doctor` says why"
        return hindrance()

    def known() -> str:
        return exposition(health_of(shipper, problems, journal)) + figures()

    return Probes(hindered, known)


def disk_refusal(settings: Settings) -> str | None:
    """Return why the journal takes nothing more, or None."""
    cap = DiskCap(settings.backup_dir, settings.max_disk_bytes, shutil.disk_usage)
    try:
        cap.measure()
    except OSError as error:
        return f"the journal cannot be measured: {error.strerror}"
    return cap.refusal(1)


def _journal(settings: Settings, problems: Problems) -> Journal:
    if settings.durability == "memory":
        raise CommandError(
            "what is acknowledged must be on disk; set OTEL_STEPS_DURABILITY to process or power",
            status=USAGE_ERROR,
        )
    return Journal(
        settings.backup_dir,
        durability=settings.durability,
        max_disk_bytes=settings.max_disk_bytes,
        problems=problems,
    )

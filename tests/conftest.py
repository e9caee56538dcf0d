"""What every test relies on: no setting of the machine leaks in, and no skip goes unseen in CI."""

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parent.parent

# How long an example takes tells of the machine and of what else it does, not of ours.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# Before anything of ours is loaded, since the command line measures its terminal then: processes of
# pytest-xdist inherit the size that readline has found for the first one.
for _name in ("COLUMNS", "LINES"):
    os.environ.pop(_name, None)

# A shell has its background jobs ignore Ctrl-C, and they hand that on to the programs that they
# start; those of the tests are to end by it.
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away the settings of the machine, and point the data folder at the test's own."""
    for name in list(os.environ):
        if name.startswith(("OTEL_", "SUPABASE_", "PHONE_AGENT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_STEPS_DIR", str(tmp_path / "otel-steps"))
    # The way to a package index may need a proxy; the way to servers of the tests never does.
    here = f"{os.environ.get('no_proxy') or os.environ.get('NO_PROXY', '')},127.0.0.1,localhost"
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, here)


@pytest.fixture(name="own_pipeline")
def _own_pipeline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give a test a configuration of its own; the process has only one."""
    from otel_steps import pipeline
    from otel_steps.emit import tracing

    monkeypatch.setattr(pipeline, "_recording", None)
    monkeypatch.setattr(tracing, "_guest", None)
    yield
    if pipeline._recording is not None:
        pipeline._recording.shutdown()
    for instrumentor in pipeline.instrumentors():
        if instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.uninstrument()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long lanes out unless they are asked for."""
    if os.environ.get("OTEL_STEPS_FULL") == "1":
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail in CI where a test was skipped for a reason that the README does not give."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if not os.environ.get("CI") or reporter is None:
        return
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for report in reporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if reason.removeprefix("Skipped: ") not in readme:
            reporter.write_line(f"skipped in CI: {report.nodeid}: {reason}", red=True)
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

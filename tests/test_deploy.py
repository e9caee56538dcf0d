"""The files of `examples/deploy`: what they start exists, and each is what its program can read."""

import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from otel_steps.cli import app
from otel_steps.config import VARIABLES
from tests.test_readme import commands

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "examples" / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
READMES = [DEPLOY / "README.md", DEPLOY / "README.zh-CN.md"]
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
COLLECTOR = yaml.safe_load((DEPLOY / "otelcol.yaml").read_text())


def ours() -> dict[str, Any]:
    """Return the services that are our image, by name."""
    return {
        name: each for name, each in COMPOSE["services"].items() if each["image"] == "otel-steps"
    }


def unit(path: Path) -> RawConfigParser:
    """Return a unit; of a name that it has several times, the last one."""
    parser = RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(path)
    return parser


def started() -> Iterator[tuple[str, list[str]]]:
    """Yield what is started, and by what."""
    for name, service in ours().items():
        yield name, service["command"]
    for path in UNITS:
        program, *arguments = shlex.split(unit(path)["Service"]["ExecStart"])
        assert program == "/opt/otel-steps/bin/otel-steps"
        yield path.name, arguments
    default = re.search(r"^CMD (.*)$", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert default is not None
    yield "Dockerfile", yaml.safe_load(default[1])


@pytest.mark.parametrize(
    "arguments", [each for _, each in started()], ids=[n for n, _ in started()]
)
def test_what_is_started_exists(arguments: list[str]) -> None:
    """The command line knows the command and its options."""
    group = typer.main.get_command(app)
    with group.make_context("otel-steps", list(arguments), resilient_parsing=True) as context:
        name, command, rest = group.resolve_command(context, list(arguments))  # type: ignore[attr-defined]
        with command.make_context(name, rest, parent=context) as asked:
            assert asked.args == []


def test_settings_exist() -> None:
    """A misspelt variable would be passed over."""
    text = "".join(each.read_text() for each in DEPLOY.rglob("*") if each.is_file())

    named = set(re.findall(r"\bOTEL_STEPS_[A-Z_]+", text))

    assert named <= {*VARIABLES, "OTEL_STEPS_ENDPOINT"}


def test_the_image_has_what_its_commands_need() -> None:
    """The extras that the Dockerfile names are ours, and bring the drivers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = re.search(r'"/src\[(.*)\]"', (DEPLOY / "Dockerfile").read_text())

    assert named is not None
    assert set(named[1].split(",")) <= set(project["optional-dependencies"])
    assert {"viewer", "grpc", "postgres", "kafka"} <= set(named[1].split(","))


def test_the_services_fit_together() -> None:
    """Ports are those that the commands listen on; volumes and services that are named exist."""
    services = COMPOSE["services"]
    for service in services.values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (DEPLOY / source).exists(), source
        assert set(service.get("depends_on", ())) <= set(services)
    for name in ("collector", "viewer"):
        (port,) = re.findall(r":(\d+)/readyz", services[name]["healthcheck"]["test"][-1])
        assert f"{port}:{port}" in services[name]["ports"]
    consumer = services["consumer"]
    assert f":{consumer['command'][-1]}/readyz" in consumer["healthcheck"]["test"][-1]


def test_the_collector_uses_what_it_defines() -> None:
    """Each part of a pipeline is there, and the other way out is what `consume` reads."""
    for part in ("receivers", "processors", "exporters"):
        for pipeline in COLLECTOR["service"]["pipelines"].values():
            assert set(pipeline[part]) <= set(COLLECTOR[part])
    assert set(COLLECTOR["service"]["extensions"]) <= set(COLLECTOR["extensions"])
    topic = COLLECTOR["exporters"]["kafka"]["traces"]["topic"]
    assert f"/{topic}?group=" in COMPOSE["services"]["consumer"]["command"][1]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_units(path: Path, tmp_path: Path) -> None:
    """It finds nothing wrong, where it is there to be asked; and they may do little."""
    service = unit(path)["Service"]
    assert service["ProtectSystem"] == "strict"
    assert service["DynamicUser"] == "yes"
    if shutil.which("systemd-analyze") is None:
        return
    copy = tmp_path / path.name
    program = str(shutil.which("true"))
    copy.write_text(path.read_text().replace("/opt/otel-steps/bin/otel-steps", program))

    done = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def test_both_readmes_give_the_same_commands() -> None:
    """As those of the project do; and the files that they name are there."""
    assert commands(READMES[0]) == commands(READMES[1])
    for readme in READMES:
        for link in re.findall(r"\]\(([\w./-]+)\)", readme.read_text()):
            assert (DEPLOY / link).exists(), link

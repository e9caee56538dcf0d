"""What a program under `otel-steps run` starts is recorded as well, and not changed otherwise."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.collecting import eventually
from tests.commands import command
from tests.patience import PATIENCE_S
from tests.viewing import free_port

USE = """
import sys
from otel_steps.demo.model import Reply, ScriptedModel
from otel_steps.demo.phone import Phone
from phone_agent import agent

def run(task):
    replies = [Reply("first home", 'do(action="Home")'), Reply("done", 'finish(message="ok")')]
    agent.PhoneAgent(Phone(), ScriptedModel(replies), agent.AgentConfig()).run(task)
"""

BY_HAND = """
import otel_steps

def run(task):
    with otel_steps.task(task), otel_steps.step(thinking="by hand"):
        pass
"""

CHILD = "import use, sys; use.run(sys.argv[1])"

PARENTS = {
    "subprocess": """
import subprocess, sys
subprocess.run([sys.executable, "-c", {child!r}, "told"], check=True)
""",
    "a grandchild": """
import subprocess, sys
inner = [sys.executable, "-c", {child!r}, "told"]
subprocess.run([sys.executable, "-c", f"import subprocess; subprocess.run({{inner}}, check=True)"])
""",
    "spawn": """
import multiprocessing, use
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=use.run, args=["told"])
    process.start()
    process.join()
""",
    "forkserver": """
import multiprocessing, use
if __name__ == "__main__":
    process = multiprocessing.get_context("forkserver").Process(target=use.run, args=["told"])
    process.start()
    process.join()
""",
}
HAS_FORK = hasattr(os, "fork")


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    """Return a folder of programs with an agent's package."""
    folder = tmp_path / "programs"
    (folder / "phone_agent").mkdir(parents=True)
    (folder / "phone_agent" / "__init__.py").write_text("", encoding="utf-8")
    source = Path(sys.modules["otel_steps"].__file__ or "").parent / "demo" / "agent.py"
    text = source.read_text(encoding="utf-8")
    (folder / "phone_agent" / "agent.py").write_text(text, encoding="utf-8")
    return folder


def launched(folder: Path, program: str, *options: str, **environ: str) -> Any:
    """Run a program by `otel-steps run` in *folder*."""
    path = folder / "main.py"
    path.write_text(program, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "otel_steps", "run", *options, str(path)],
        env={**os.environ, **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def recorded(*options: object) -> list[tuple[str, str, int]]:
    """Return task, status and number of steps of all that was recorded."""
    command("sync", *options)
    tasks = command("tasks", "--json", *options).json
    return [(each["task_description"], each["status"], each["total_steps"]) for each in tasks]


@pytest.mark.parametrize(
    ("way", "use", "steps"),
    [
        ("a grandchild", USE, 2),
        ("subprocess", BY_HAND, 1),
        ("spawn", USE, 2),
        ("forkserver", USE, 2),
        ("forkserver", BY_HAND, 1),
    ],
    ids=lambda value: {USE: "agent", BY_HAND: "by hand"}.get(value, value),
)
def test_a_child_is_recorded(folder: Path, way: str, use: str, steps: int) -> None:
    """However it was started: its agents, and what it writes by hand."""
    if way == "forkserver" and not HAS_FORK:
        pytest.skip("no fork here")
    (folder / "use.py").write_text(use, encoding="utf-8")

    done = launched(folder, PARENTS[way].format(child=CHILD))

    assert (done.returncode, done.stderr) == (0, "")
    assert recorded() == [("told", "completed", steps)]


def test_what_the_options_say_holds_for_children(folder: Path, tmp_path: Path) -> None:
    """Wherever they are started."""
    (folder / "use.py").write_text(BY_HAND, encoding="utf-8")
    (folder / "elsewhere").mkdir()
    program = PARENTS["subprocess"].replace("check=True", 'check=True, cwd="elsewhere"')
    options = ("--dir", "data", "--store", "sqlite:///other.db")

    done = launched(folder, program.format(child=CHILD), *options, PYTHONPATH=str(folder))

    assert (done.returncode, done.stderr) == (0, "")
    url = f"sqlite:///{folder / 'other.db'}"
    assert recorded("--dir", folder / "data", "--store", url) == [("told", "completed", 1)]


def test_a_server_that_reloads_is_recorded(folder: Path) -> None:
    """`uvicorn --reload` serves in a child of its own, and in another one after a change."""
    port = free_port()
    server = """
import use
async def app(scope, receive, send):
    use.run(NAME)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": NAME.encode()})
NAME = "before"
"""
    (folder / "use.py").write_text(BY_HAND, encoding="utf-8")
    (folder / "server.py").write_text(server, encoding="utf-8")
    words = ["-m", "uvicorn", "server:app", "--reload", "--port", str(port), "--lifespan", "off"]
    with subprocess.Popen(
        [sys.executable, "-m", "otel_steps", "run", *words, "--log-level", "error"], cwd=folder
    ) as process:
        answer_of(port, "before")
        changed = server.replace('"before"', '"after"')
        (folder / "server.py").write_text(changed, encoding="utf-8")
        answer_of(port, "after")
        process.terminate()
        process.wait(PATIENCE_S)

    assert {task for task, _, _ in recorded()} == {"before", "after"}


def answer_of(port: int, expected: str) -> None:
    def answers() -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).text == expected
        except httpx.HTTPError:
            return False

    eventually(answers)


FACTS = """
import sys
print([each for each in sys.path if "children" in each], "theirs" in vars(sys))
print([each for each in ("opentelemetry", "wrapt", "orjson") if each in sys.modules])
"""


@pytest.mark.parametrize(
    ("theirs", "complaint"),
    [
        ("import sys; sys.theirs = True", ""),
        ("import sys; sys.theirs = True; raise ValueError('theirs')", "ValueError: theirs"),
        ("import sys; sys.theirs = True; import nothing_such", "No module named 'nothing_such'"),
    ],
    ids=["fine", "fails", "imports what is not there"],
)
def test_a_sitecustomize_of_somebody_else_still_runs(
    folder: Path, theirs: str, complaint: str
) -> None:
    """Children print what they would print without us; most load nothing of ours."""
    (folder / "sitecustomize.py").write_text(theirs, encoding="utf-8")
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {FACTS!r}])"

    done = launched(folder, program, PYTHONPATH=str(folder))

    assert (done.returncode, done.stdout) == (0, "[] True\n[]\n")
    # Of the launcher and of its child: what Python itself says of it.
    assert done.stderr.count(complaint) == 2 if complaint else not done.stderr


def test_the_sitecustomize_of_opentelemetry_still_runs(folder: Path) -> None:
    """`opentelemetry-instrument` below `otel-steps run` instruments; each step is there once."""
    (folder / "use.py").write_text(USE, encoding="utf-8")
    instrument = Path(sys.executable).parent / "opentelemetry-instrument"
    program = f"""
import subprocess, sys
subprocess.run([{str(instrument)!r}, sys.executable, "-c", {CHILD!r}, "told"], check=True)
"""
    environ = {"OTEL_PYTHON_DISTRO": "none", "OTEL_PYTHON_CONFIGURATOR": "none"}

    done = launched(folder, program, **environ)

    assert done.returncode == 0, done.stderr
    assert recorded() == [("told", "completed", 2)]


def test_a_python_that_cannot_be_recorded_is_not_harmed(folder: Path, tmp_path: Path) -> None:
    """One that does not look at the environment, and one of an environment without this package."""
    (folder / "use.py").write_text(BY_HAND, encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    bare = str(tmp_path / "bare" / scripts / Path(sys.executable).name)
    child = "import sys; print([n for n in sys.modules if n.startswith('otel_steps')], sys.path[0])"
    program = f"""
import subprocess, sys
for words in ([sys.executable, "-I"], [sys.executable, "-S"], [sys.executable, "-E"], [{bare!r}]):
    subprocess.run([*words, "-c", {child!r}], check=True)
"""
    done = launched(folder, program)

    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("] ")[0] for line in done.stdout.splitlines()] == ["["] * 4

"""Supabase is installed with the package, and nothing of it is loaded before its store opens."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

from tests.patience import PATIENCE_S
from tests.pictures import png
from tests.viewing import TOKEN, free_port

EMBEDDED = """
import contextlib, io, json, os, signal, sys, threading, time, urllib.request
import otel_steps
from otel_steps.cli import main

port = sys.argv[1]
recording = otel_steps.configure()
picture = bytes.fromhex(sys.argv[2])
with otel_steps.task("t", task_id="t"), otel_steps.step(thinking="hm", screenshot=picture):
    pass
assert recording.flush(float(sys.argv[3]))
recording.shutdown()

def look():
    headers = {"Authorization": "Bearer " + os.environ["OTEL_STEPS_TOKEN"]}
    for path in ("api/tasks", "api/tasks/t/steps", "api/health"):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", headers=headers)
        while True:
            try:
                answers.append(json.load(urllib.request.urlopen(request)))
                break
            except OSError:
                time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)

def run(*words):
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            main(words)
        except SystemExit as ended:
            assert ended.code in (0, None), (words, ended.code)

answers = []
for words in (["tasks"], ["report", "t"], ["export", "t", "-o", "t.html"], ["sync"], ["doctor"]):
    run(*words)
thread = threading.Thread(target=look)
thread.start()
run("view", "--no-open", "--port", port, "--otlp")
thread.join()
assert answers[0]["data"]["tasks"][0]["task_id"] == "t"
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def names(requirements: Iterable[str]) -> set[str]:
    """Return the distributions that *requirements* bring, theirs included."""
    found: set[str] = set()
    left = [name_of(each) for each in requirements]
    while left:
        name = left.pop()
        if name in found:
            continue
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # for another platform
            continue
        found.add(name)
        left += [name_of(each) for each in needed if "extra ==" not in each]
    return found


def name_of(requirement: str) -> str:
    """Return the normalised name in a requirement."""
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;(]", requirement)[0]).lower()


def test_the_embedded_store_loads_nothing_of_supabase(tmp_path: Path) -> None:
    """A program that records, every command and the viewer do without it and its trees."""
    needed = metadata.requires("otel-steps") or []
    others = [each for each in needed if "extra ==" not in each and name_of(each) != "supabase"]
    viewer = [each for each in needed if re.search(r"extra == ['\"]viewer", each)]
    alone = names(["supabase"]) - names([*others, *viewer])
    assert {"supabase", "postgrest", "storage3", "realtime", "supabase-auth", "httpx"} <= alone

    done = subprocess.run(
        [*(sys.executable, "-c", EMBEDDED), str(free_port()), png().hex(), str(PATIENCE_S)],
        # Plugins of pydantic are those of whoever else is installed.
        env={**os.environ, "OTEL_STEPS_TOKEN": TOKEN, "PYDANTIC_DISABLE_PLUGINS": "__all__"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stdout.splitlines()[-1])
    brought_by = metadata.packages_distributions()
    assert [
        name
        for name in loaded
        if brought_by.get(name) and {name_of(each) for each in brought_by[name]} <= alone
    ] == []

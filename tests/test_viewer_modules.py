"""The viewer's modules: tested where they run, checked for types, weighed, and what is vendored."""

import gzip
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from otel_steps.exporting.lean import lean
from otel_steps.viewer.preload import VIEWS, View, modules_of, needed
from tests.patience import PATIENCE_S
from tests.supabase.packages import NODE_ENV, installed_from, node
from tests.supabase.processes import UnavailableError
from tests.viewer.vendor import PACKAGES, VENDOR, served

_HERE = Path(__file__).parent / "viewer"
_STATIC = VENDOR.parent
_MODULES = sorted(path for path in _STATIC.rglob("*.js") if path.parent != VENDOR)
# Without one, Node warns of each module that it is none of CommonJS.
_QUIET = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--disable-warning=ExperimentalWarning"]
_PARSE = """
const sources = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
for (const source of sources) new (require("node:vm").SourceTextModule)(source);
"""
FIRST_LOAD_BYTES = 60_000


def run_node(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node to its end, or skip where there is none."""
    try:
        program = node()
    except UnavailableError as reason:
        pytest.skip(str(reason))
    return subprocess.run(
        [str(program), *_QUIET, *arguments],
        env={**os.environ, **NODE_ENV},
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )


@pytest.mark.parametrize("path", sorted(_HERE.glob("*.test.js")), ids=lambda path: path.stem)
def test_module_keeps_its_promises(path: Path) -> None:
    """Every promise that a module's own tests make is kept."""
    done = run_node("--test", "--test-reporter=tap", str(path))

    assert done.returncode == 0, done.stdout + done.stderr
    assert "# pass 0\n" not in done.stdout


def test_types_are_right() -> None:
    """The types that the modules' comments declare hold, by TypeScript's strict rules."""
    try:
        compiler = installed_from(_HERE) / "typescript" / "bin" / "tsc"
    except UnavailableError as reason:
        pytest.skip(str(reason))

    done = run_node(str(compiler), "--project", str(_HERE / "tsconfig.json"))

    assert done.returncode == 0, done.stdout + done.stderr


def test_vendored_files_are_those_of_the_manifest() -> None:
    """What others wrote is served as it was taken, each file with its source and licence."""
    manifest = json.loads((VENDOR / "VENDOR.json").read_text(encoding="utf-8"))
    digests = {name: facts["sha256"] for each in manifest for name, facts in each["files"].items()}
    there = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.iterdir()
        if path.name != "VENDOR.json" and not path.name.endswith(".d.ts")
    }

    assert there == digests
    for package, facts in zip(PACKAGES, manifest, strict=True):
        assert (facts["name"], facts["version"]) == (package.name, package.version)
        assert facts["integrity"].startswith("sha512-")
        assert f"{package.name}.LICENSE.txt" in facts["files"]


def test_vendored_modules_name_each_other_by_address() -> None:
    """A browser has no packages: a module of theirs is found beside the one that asks for it."""
    source = 'import{options as n}from"preact";var t;\n//# sourceMappingURL=hooks.mjs.map\n'

    assert served(source) == 'import{options as n}from"./preact.js";var t;\n'


def test_a_module_without_comments_is_the_same_program() -> None:
    """Only whole-line comments and types go, no line moves, and all modules still parse."""
    sources = {path: path.read_text(encoding="utf-8") for path in _MODULES}
    for path, source in sources.items():
        pairs = zip(source.split("\n"), lean(source).split("\n"), strict=True)
        gone = [before for before, after in pairs if before != after]
        starts = ("//", "/*", "*")
        assert all(line.strip().startswith(starts) or "/** @type" in line for line in gone), path

    for source in ("/** a */\nx;\n", "  // a\nx;\n", "/*\n a */\nx;\n"):
        assert lean(source).strip() == "x;"
    assert lean("a = /** @type {A} */ (b);\n") == "a = (b);\n"
    for source in ('c = "//";\n', "d; // e\n", 'f = "/* g */";\n'):
        assert lean(source) == source
    leaned = json.dumps([lean(source) for source in sources.values()])
    done = run_node("--experimental-vm-modules", "--eval", _PARSE, text=leaned)
    assert done.returncode == 0, done.stderr


def test_a_page_names_all_that_its_script_loads() -> None:
    """What app.js imports, learns and styles a view with stands in the head of its page."""
    lines = re.findall(r"^  (\w+): \(\) => first\((.*)\),$", _read("app.js"), re.MULTILINE)
    loads = {
        view: View(
            *re.findall(r'import\("\./(.+?)"\)', calls),
            words=tuple(re.findall(r'learn\("(\w+)"\)', calls)),
            sheets=tuple(re.findall(r'sheet\("(.+?)"\)', calls)),
        )
        for view, calls in lines
    }

    assert loads == VIEWS
    assert modules_of(_STATIC, "first.js") == ["first.js", "theme.js"]


def _read(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("view", VIEWS)
def test_first_load_is_light(view: str) -> None:
    """Scripts and styles of a page are less than 60 KB on their way to the browser."""
    modules, sheets = needed(_STATIC, view, "en")
    files = [_STATIC / name for name in (*modules, "first.js", "theme.js", *sheets, "style.css")]

    weights = {path.relative_to(_STATIC).as_posix(): _weight(path) for path in files}

    total = sum(weights.values())
    print(f"{view}: {total / 1000:.1f} KB in {len(files)} files")
    assert total < FIRST_LOAD_BYTES, sorted(weights.items(), key=lambda item: -item[1])


def _weight(path: Path) -> int:
    text = path.read_text(encoding="utf-8")
    return len(gzip.compress((text if path.parent == VENDOR else lean(text)).encode()))

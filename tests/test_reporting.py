"""A report of tasks: a page that needs no script, Markdown, and text for a model."""

import io
import re
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

import otel_steps
from otel_steps import semconv
from otel_steps.reporting.times import parts_of, where_time_went
from otel_steps.reporting.words import LANGUAGES, Language, Words
from otel_steps.rows.mapping import batch_of
from otel_steps.stores import open_store
from tests.commands import command, store_tasks, store_used, task_spans, write_prices
from tests.viewing import client_of, opened_library

STATIC = Path(otel_steps.__file__).parent / "viewer" / "static"
HOSTILE = """</style></script><img src=x onerror=alert(1)> "quoted" \\ {}; """


class Read(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def screen(*, size: tuple[int, int] = (90, 160)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, (40, 90, 160)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(name="recorded")
def _recorded(own_pipeline: None) -> str:
    """A task of three steps with pictures; the second failed, the third was a swipe."""
    recording = otel_steps.configure(instrument=False)
    with otel_steps.task(HOSTILE, task_id="run") as task:
        for number, action in enumerate(
            (
                {"_metadata": "do", "action": "Tap", "element": [500, 250]},
                {"_metadata": "do", "action": "Tap", "element": [1400, 250]},
                {"_metadata": "do", "action": "Swipe", "start": [500, 800], "end": [500, 200]},
            ),
            start=1,
        ):
            with otel_steps.step(action=action, thinking=HOSTILE, screenshot=screen()) as step:
                if number == 2:
                    step.fail("The button did not answer")
        task.fail("in vain")
    assert recording.flush()
    return "run"


# --- The page


def test_page_is_one_file_without_a_script(recorded: str, tmp_path: Path) -> None:
    """What was recorded is text in it; taps and swipes stand on the pictures that it brings."""
    path = tmp_path / "report.html"
    assert command("report", recorded, "--format", "html", "-o", path).status == 0
    source = path.read_text(encoding="utf-8")
    page = Read(source)

    assert page.of("script") == page.of("link") == page.of("base") == []
    assert [each["src"][:11] for each in page.of("img") if each["src"]] == ["data:image/"] * 3
    assert [each["data-marker"] for each in page.of("svg") if "data-marker" in each] == [
        *("tap", "tap", "swipe")
    ]
    # In the heading, in why it failed, and in three thoughts.
    assert page.text.count(HOSTILE.strip()) >= 4
    assert source.count("</style>") == 1
    for said in ("The button did not answer", "Step 2", "Outside the screen", '"end":[500,200]'):
        assert said in page.text
    (policy,) = (each for each in page.of("meta") if "http-equiv" in each)
    assert str(policy["content"]).startswith("default-src 'none'; style-src 'nonce-")


@pytest.mark.parametrize(("language", "word"), [("en", "Timeline"), ("zh", "时间线")])
def test_page_speaks_both_languages(recorded: str, language: str, word: str) -> None:
    """Every word of it is known; why a task failed is told in the same language."""
    done = command("report", recorded, "--format", "html", "--language", language)
    page = Read(done.out)

    assert word in page.text
    assert not re.search(r"\b(report|task|status|usage|flag|duration)\.\w", page.text)


def test_report_of_several_begins_with_a_table(tmp_path: Path) -> None:
    """Of the runs, each with how it ended, what it took and why; then each of them."""
    store_tasks("aaaaaaaa-1")
    store_used("used", "m", number=2)
    with closing(open_store()) as store:
        store.write(batch_of(task_spans("cccccccc-3", number=3, status="failed"), {}))
    names = ("aaaa", "used", "cccc")

    page = Read(command("report", *names, "--format", "html").out)
    assert "2 of 3 completed" in page.text
    anchors = [str(each["href"]) for each in page.of("a")]
    assert anchors[:3] == ["#run-1", "#run-2", "#run-3"]
    ids = {each["id"] for _, each in page.tags if "id" in each}
    assert {anchor.removeprefix("#") for anchor in anchors} <= ids

    markdown = command("report", *names, "--format", "md").out
    assert markdown.startswith("# 3 runs\n\n| run | task |")
    assert re.search(
        r"^\| 3 \| cccccccc-3 \| failed \| 2 \| 1 \| .*App not found: X", markdown, re.M
    )
    assert [
        each["task"]["task_id"] for each in command("report", *names, "--format", "json").json
    ] == [*("aaaaaaaa-1", "used", "cccccccc-3")]
    assert command("report", *names).out.count("2 steps: 1 ok, 1 failed") == 3


def test_page_tells_what_it_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the table of prices, with its date."""
    monkeypatch.setenv("OTEL_STEPS_PRICES", str(write_prices(tmp_path)))
    store_used("used", "m")

    text = Read(command("report", "used", "--format", "html").out).text

    assert re.search(r"USD 0\.095 \(Estimated by prices of \d{4}-\d\d-\d\d\)", text)
    assert "10,000 in (4,000 cached) · 500 out" in text


def test_a_sensitive_screen_is_not_in_a_report(own_pipeline: None) -> None:
    """A report is shown to others."""
    recording = otel_steps.configure(instrument=False)
    with otel_steps.task("Pay", task_id="pay"):
        tap = {"action": "Tap", "element": [500, 500]}
        with otel_steps.step(action=tap, screenshot=screen()) as step:
            step.set(attributes={semconv.SCREENSHOT_SENSITIVE: True})
    assert recording.flush()

    page = Read(command("report", "pay", "--format", "html").out)
    assert page.of("img") == []
    assert "Sensitive screen, not shown" in page.text


# --- For a model


def test_text_for_a_model_has_an_end(tmp_path: Path) -> None:
    """A long run is told by its ends and by what failed; every line is one step."""
    root, step, failed = task_spans("long", status="failed")
    steps = [
        replace(
            failed if number == 150 else step,
            span_id=f"{number + 100:016x}",
            attributes={
                **(failed if number == 150 else step).attributes,
                semconv.STEP_NUMBER: number,
                semconv.STEP_THINKING: f"thought {number} " * 40,
            },
        )
        for number in range(1, 301)
    ]
    with closing(open_store()) as store:
        store.write(batch_of([root, *steps], {}))

    text = command("report", "long", "--format", "prompt").out

    assert text.splitlines()[2] == "TASK: 任务 long"
    assert "1. Tap (500, 82) [Settings] ok" in text
    assert "\n150. Launch X FAILED" in text
    assert "error: App not found: X" in text
    assert "steps left out)" in text
    assert len(text) < 30_000
    file = tmp_path / "run.txt"
    assert command("report", "long", "--format", "prompt", "-o", file).status == 0
    assert file.read_text(encoding="utf-8") == text


# --- In the viewer


def test_viewer_gives_the_page_and_its_files(recorded: str) -> None:
    """The page has pictures by address and no text as markup; files are the command's own."""
    with opened_library() as library:
        client = client_of(library)
        page = client.get("/report", params={"task": recorded, "language": "zh"})
        markdown = client.get("/api/report.md", params={"task": recorded})
        prompt = client.get("/api/report.txt", params={"task": recorded})
        file = client.get("/api/report.html", params={"task": recorded})
        images = [str(each["src"]) for each in Read(page.text).of("img")]
        answers = [client.get(f"/{each}") for each in images]

    tags = Read(page.text).tags
    assert all(attributes.get("src") for tag, attributes in tags if tag == "script")
    assert not [name for tag, names in tags for name in names if name.startswith("on")]
    assert "style" not in {tag for tag, _ in tags}
    assert 'lang="zh-CN"' in page.text
    assert {answer.headers["content-type"] for answer in answers} == {"image/webp"}
    printed = command("report", recorded, "--format", "md").out
    assert markdown.text == re.sub(r"\n!\[.*\n", "", printed)
    assert prompt.text == command("report", recorded, "--format", "prompt").out
    assert file.headers["content-disposition"].startswith("attachment; ")
    assert Read(file.text).of("script") == []


def test_report_of_what_is_not_there_says_so(recorded: str) -> None:
    """A person gets a page, a program the envelope; a list without end is refused."""
    with opened_library() as library:
        client = client_of(library)
        page = client.get("/report", params={"task": [recorded, "<b>nobody"], "language": "en"})
        answer = client.get("/api/report.md", params={"task": "nobody"})
        refused = [
            client.get("/api/report.md"),
            client.get("/api/report.md", params={"task": ["run"] * 51}),
            client.get("/api/report.pdf", params={"task": recorded}),
        ]

    assert (page.status_code, answer.status_code) == (404, 404)
    assert "no task &#39;&lt;b&gt;nobody" in page.text or "no task '&lt;b&gt;nobody" in page.text
    assert answer.json()["error"]["code"] == "not_found"
    assert [each.status_code for each in refused] == [400] * 3


# --- Words and times


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_are_those_of_the_viewer(language: Language) -> None:
    """Every line of its files is read, and a phrase is filled as the pages fill it."""
    words = Words(language)
    for part in ("words", "words.task", "words.usage", "words.report"):
        source = (STATIC / f"{part}.{language}.js").read_text(encoding="utf-8")
        keys = re.findall(r'^\s*"([^"]+)":', source, re.MULTILINE)
        assert keys
        assert [key for key in keys if words.known(key, "") == ""] == []
    assert words("no.such") == "no.such"
    assert words.duration(None) == ""
    texts = [words.duration(ms) for ms in (340, 2400, 12_000, 185_000, 3_840_000)]
    assert [re.findall(r"[\d.]+", text) for text in texts] == [
        *(["340"], ["2.4"], ["12"], ["3", "5"], ["1", "4"])
    ]


@pytest.mark.parametrize(
    ("timings", "whole", "parts"),
    [
        (None, 90, {"other": 90}),
        (
            {"screenshot_ms": 10, "model_ms": 60, "action_ms": 20},
            100,
            {"screenshot": 10, "answer": 60, "action": 20, "other": 10},
        ),
        (
            {"ttft_ms": 10, "thinking_ms": 40, "model_ms": 60},
            60,
            {"ttft": 10, "thinking": 30, "answer": 20},
        ),
        ({"ttft_ms": 90, "thinking_ms": 95, "model_ms": 60}, None, {"ttft": 60}),
    ],
)
def test_time_is_parted_as_in_the_viewer(
    timings: dict[str, float] | None, whole: float | None, parts: dict[str, float]
) -> None:
    """Parts do not overlap, and nothing is counted twice."""
    assert {name: ms for name, ms in parts_of(timings, whole).items() if ms} == parts
    twice = where_time_went({"timings": [timings] * 2, "duration_ms": [whole] * 2})
    assert twice == {name: 2 * ms for name, ms in parts.items()}

"""
All runs in a few tables, with pandas; `# %%` begins a cell in VS Code, PyCharm and Jupytext.

    pip install otel-steps pandas
    otel-steps demo --no-open              # where nothing has been recorded yet
    python examples/notebook_report.py
"""

# %% Read: the default store, or `open_store("sqlite:///steps.db")`.
import sys

import pandas as pd

import otel_steps

store = otel_steps.open_store()
tasks = pd.DataFrame(store.tasks(limit=1000))
if tasks.empty:
    sys.exit("nothing has been recorded yet: run `otel-steps demo --no-open`, or an agent")
steps = pd.DataFrame([step for task_id in tasks["task_id"] for step in store.steps(task_id)])
store.close()
steps["action"] = [action.get("action") if action else None for action in steps["action"]]
pd.set_option("display.width", 120, "display.max_columns", None)

# %% How did the tasks end?
per_status = tasks.groupby("status").agg(
    tasks=("task_id", "size"),
    steps=("total_steps", "mean"),
    seconds=("total_duration_ms", lambda durations: durations.mean() / 1000),
)
print("How the tasks ended", per_status.round(1), sep="\n\n", end="\n\n\n")

# %% What goes wrong, and where? `error_kind` is what really happened, not what the agent said.
failed = steps[steps["success"] == False]  # noqa: E712 - a step in flight is neither
failures = failed.value_counts(["error_kind", "action", "app"], dropna=False)
print("Failed steps", failures, sep="\n\n", end="\n\n\n")

# %% Where does the time go? One column a part: screenshot_ms, model_ms, ttft_ms, action_ms ...
timings = pd.json_normalize([timing or {} for timing in steps["timings"]])
percentiles = timings.quantile([0.5, 0.9, 0.99])
print("Milliseconds a step", percentiles.round(1), sep="\n\n", end="\n\n\n")

# %% Which steps are worth a look? The slowest of each action, with its picture.
slowest = steps.sort_values("duration_ms", ascending=False).drop_duplicates("action")
columns = ["action", "app", "duration_ms", "screenshot_path"]
print("The slowest of each action", slowest[columns].to_string(index=False), sep="\n\n")

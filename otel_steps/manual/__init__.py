"""Tasks and steps of any agent, told by hand: `task()`, `step()` and `StepTracker`."""

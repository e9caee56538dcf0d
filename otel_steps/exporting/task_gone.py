"""What an export says of a task that is not there."""


class TaskGone(LookupError):
    """The store does not have the task, or no longer; the message names it."""

    def __init__(self, task_id: str) -> None:
        super().__init__(f"no task {task_id!r} in this store")

"""`otel-steps webhook`: tell the webhook of one task, by hand."""

from otel_steps.cli.find_task import find_task
from otel_steps.cli.options import DirOption, JsonOption, StoreOption, TaskArgument
from otel_steps.cli.reading import reading
from otel_steps.cli.terminal import USAGE_ERROR, CommandError, out, print_json
from otel_steps.pricing import price_table
from otel_steps.webhook import Refused, Unavailable, event_of, hook_of, send


def webhook(
    task: TaskArgument,
    as_json: JsonOption = False,
    store: StoreOption = None,
    folder: DirOption = None,
) -> None:
    """
    Send what the webhook is told of a task, once and at once: to see that it arrives.

    `otel-steps view` and `collect` do so by themselves for each task that fails or ends.
    """
    with reading(store, folder) as opened:
        hook = hook_of(opened.settings)
        if hook is None:
            raise CommandError(
                "there is no webhook; set OTEL_STEPS_WEBHOOK to the address that it is posted to",
                status=USAGE_ERROR,
            )
        row = opened.store.task(find_task(opened.store, task))
        if row is None:
            raise CommandError(f"the task {task!r} is gone: it was removed while it was looked up")
        event = event_of(row, opened.store, price_table.load(opened.settings.prices), hook)
    try:
        send(event, hook)
    except Unavailable as error:
        raise CommandError(f"{error}; nothing was sent, try again later") from error
    except Refused as error:
        raise CommandError(
            f"{error}; check OTEL_STEPS_WEBHOOK, its FORMAT ({hook.form}) and its SECRET"
        ) from error
    if as_json:
        print_json({"host": hook.host, "format": hook.form, "task_id": row["task_id"]})
        return
    out.print(f"told {hook.host} as {hook.form} of {row['task_id']}", soft_wrap=True)

"""The public names, and nothing else."""

import inspect

import otel_steps


def test_public_names_are_pinned() -> None:
    """A name joins or leaves the public interface on purpose only."""
    assert sorted(otel_steps.__all__) == [
        "ConfigError",
        "Health",
        "PhoneAgentInstrumentor",
        "StepData",
        "StepSpanProcessor",
        "StepTracker",
        "StepType",
        "TaskStepsExporter",
        "__version__",
        "configure",
        "open_store",
        "step",
        "task",
        "traced_step",
        "traced_task",
    ]


def test_every_public_name_is_there_and_explained() -> None:
    """Each public class and function has a docstring."""
    for name in otel_steps.__all__:
        value = getattr(otel_steps, name)
        assert isinstance(value, str) or inspect.getdoc(value), name


def test_tracker_keeps_the_arguments_of_the_one_it_replaces() -> None:
    """A program that used the hand-written tracker runs with one import changed."""
    parameters = list(inspect.signature(otel_steps.StepTracker).parameters.values())

    assert [(p.name, p.default) for p in parameters] == [
        ("task_id", inspect.Parameter.empty),
        ("buffer_size", 50),
        ("flush_interval", 5.0),
        ("enable_database", True),
    ]

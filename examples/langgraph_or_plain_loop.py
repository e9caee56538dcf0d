"""
An agent that is a plain loop, or a graph: a `task` around it and a `step` in it record either.

    pip install otel-steps openai      # and langgraph, for --graph
    export OPENAI_BASE_URL=http://localhost:8000/v1 OPENAI_API_KEY=EMPTY
    python examples/langgraph_or_plain_loop.py "Open the settings"
    python examples/langgraph_or_plain_loop.py "Open the settings" --graph
"""

import base64
import json
import os
import sys
from contextlib import suppress
from typing import Any, TypedDict

from openai import OpenAI

import otel_steps
from otel_steps.demo.actions import ActionHandler
from otel_steps.demo.phone import Phone

MODEL = os.getenv("OPENAI_MODEL", "autoglm-phone-9b")
MAX_STEPS = 20
RULES = """
You use a phone. Answer with one JSON object: "thinking", "action" (Launch with "app", Tap with
"element": [x, y] in thousandths of the screen, Type with "text", Back, Home, or finish with
"message").
"""


class Agent:
    """Looks, thinks and acts, on a simulated phone; of the recording it knows one `step`."""

    def __init__(self, goal: str) -> None:
        self.answer: str | None = None
        self._phone = Phone()
        self._hands = ActionHandler(self._phone)
        self._model = OpenAI()
        self._messages: list[Any] = [{"role": "system", "content": RULES + goal}]

    def take_step(self) -> None:
        """Take one step: whatever happens in the block, an exception too, belongs to it."""
        screen = self._phone.screenshot()
        with otel_steps.step(screenshot=screen.png, app=self._phone.app) as step:
            reply = self._ask(screen.png)
            try:
                action = json.loads(reply)
                step.set(thinking=action.pop("thinking", ""), action=action)
            except (ValueError, AttributeError):
                step.set(thinking=reply)
                step.fail("the reply is not a JSON object", error_kind="parse_error")
                return  # the next step asks once more
            if action.get("action") == "finish":
                self.answer = action.get("message", "")
                step.set(finished=True)
                return
            done = self._hands.execute({"_metadata": "do", **action}, screen.width, screen.height)
            step.set(action_result={"success": done.success})
            if not done.success:
                step.fail(done.message or "the action failed")

    def _ask(self, png: bytes) -> str:
        url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
        look = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}
        asked = [*self._messages, look]
        completion = self._model.chat.completions.create(model=MODEL, messages=asked)
        reply = completion.choices[0].message.content or ""
        self._messages.append({"role": "assistant", "content": reply})
        return reply


def run_in_a_loop(agent: Agent) -> None:
    """The agent as a plain loop."""
    for _ in range(MAX_STEPS):
        agent.take_step()
        if agent.answer is not None:
            return


def run_as_a_graph(agent: Agent) -> None:
    """The same agent as a graph of one node that leads back to itself."""
    from langgraph.errors import GraphRecursionError
    from langgraph.graph import END, START, StateGraph

    class State(TypedDict):
        answer: str | None

    def take_step(state: State) -> State:
        agent.take_step()
        return {"answer": agent.answer}

    def next_node(state: State) -> str:
        return "take_step" if state["answer"] is None else END

    graph = StateGraph(State)
    graph.add_node("take_step", take_step)
    graph.add_edge(START, "take_step")
    graph.add_conditional_edges("take_step", next_node, ["take_step", END])
    with suppress(GraphRecursionError):
        graph.compile().invoke({"answer": None}, {"recursion_limit": MAX_STEPS})


def main() -> None:
    """Run the agent and record it as one task."""
    otel_steps.configure()
    goal = sys.argv[1]
    agent = Agent(goal)
    with otel_steps.task(goal, agent="looper", model=MODEL) as task:
        if "--graph" in sys.argv:
            run_as_a_graph(agent)
        else:
            run_in_a_loop(agent)
        if agent.answer is None:
            task.exhaust_steps()
        else:
            task.complete(agent.answer)
    print(f"recorded: otel-steps report {task.task_id}")


if __name__ == "__main__":
    main()

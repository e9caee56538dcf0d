"""
A finding in one sentence, in English and in Chinese. Pure.

A step stands in it as `step 5`, several as `steps 5–9` (`第 5 步`, `第 5–9 步`), and what was
recorded in quotes of its own (“…”), so that a page can make links of the one and not of the other.
"""

from collections.abc import Mapping
from typing import Final

from otel_steps.why.finding import Finding
from otel_steps.why.run import Run

# Kind, or kind and detail -> the sentence in English and in Chinese.
_SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    "model_error": (
        "The call of the model failed at {step}{error}.",
        "{step}调用模型失败{error}。",
    ),
    "model_error/network": (
        "The model could not be reached at {step}{error}.",
        "{step}无法连接到模型{error}。",
    ),
    "model_error/server": (
        "The server of the model failed at {step}{error}.",
        "{step}模型服务出错{error}。",
    ),
    "model_error/quota": (
        "The model's provider refused {step} for its quota or rate limit{error}.",
        "{step}模型服务因配额或限流拒绝了请求{error}。",
    ),
    "model_error/key": (
        "The model's provider did not accept the key at {step}{error}.",
        "{step}模型服务不接受密钥{error}。",
    ),
    "model_error/context": (
        "What the model was sent at {step} was longer than it takes{error}.",
        "{step}发给模型的内容超出了长度上限{error}。",
    ),
    "model_error/unknown_model": (
        "The provider did not know the model or address asked for at {step}{error}.",
        "{step}模型服务找不到所请求的模型或地址{error}。",
    ),
    "refusal/model": (
        "The model refused to go on at {step}{error}.",
        "{step}模型拒绝继续{error}。",
    ),
    "refusal/person": (
        "A person refused the action of {step}{error}.",
        "{step}的操作被用户拒绝{error}。",
    ),
    "parse_error": (
        "The model's reply at {step} could not be read as an action{error}.",
        "{step}模型的回复不能解析为操作{error}。",
    ),
    "parse_error/empty": ("The model's reply at {step} was empty.", "{step}模型的回复是空的。"),
    "parse_error/cut": (
        "The model's reply at {step} was cut at its limit of tokens.",
        "{step}模型的回复因 token 上限被截断。",
    ),
    "device_error": ("The device failed at {step}{error}.", "{step}设备出错{error}。"),
    "device_error/gone": (
        "The program that controls the device was not found at {step}{error}.",
        "{step}找不到控制设备的程序{error}。",
    ),
    "device_error/offline": (
        "The device was gone or offline at {step}{error}.",
        "{step}设备离线或已断开{error}。",
    ),
    "device_error/unauthorized": (
        "The device did not allow to be controlled at {step}{error}.",
        "{step}设备未授权调试{error}。",
    ),
    "device_error/timeout": (
        "The device did not answer in time at {step}{error}.",
        "{step}设备响应超时{error}。",
    ),
    "action_error": (
        "The action of {steps} could not be done{error}.",
        "{steps}的操作无法执行{error}。",
    ),
    "interrupted/acting": (
        "The process of the agent ended in the middle of {step}, during its action.",
        "智能体进程在{step}执行操作时结束。",
    ),
    "interrupted/asking": (
        "The process of the agent ended in the middle of {step}, before its action.",
        "智能体进程在{step}执行操作之前结束。",
    ),
    "interrupted/between": (
        "The process of the agent ended after {step}.",
        "智能体进程在{step}之后结束。",
    ),
    "cancelled": ("The run was stopped at {step}.", "任务在{step}被停止。"),
    "cancelled/take_over": (
        "{step} asked a person to take over, and nobody went on.",
        "{step}请求人工接管，之后无人继续。",
    ),
    "app_crash": (
        "{app} went away by itself after {step}, and did not come back.",
        "{step}之后{app}自行退出，没有再恢复。",
    ),
    "permission_dialog": (
        "A dialog that asks for a permission{for_app} was in the way from {step} on.",
        "从{step}起，{for_app}权限弹窗挡住了界面。",
    ),
    "black_screen": (
        "The picture was black from {step} on: the capture failed, or the window is protected.",
        "从{step}起画面全黑：截图失败，或该窗口受保护。",
    ),
    "black_screen/protected": (
        "From {step} on a protected window was in front{in_app}, of which there is no picture.",
        "从{step}起，前台{in_app}是受保护的窗口，无法截图。",
    ),
    "keyboard_closed": (
        "The text of {steps} did not arrive: no field had the focus, or no keyboard was open.",
        "{steps}输入的文字没有生效：没有输入框获得焦点，或键盘未打开。",
    ),
    "wrong_field": (
        "The text of {step} arrived in another field than the one meant.",
        "{step}的文字输入到了别的输入框。",
    ),
    "wrong_app": (
        "After {step} {app} was in front{in_place}, and stayed there.",
        "{step}之后，前台一直是{app}{in_place}。",
    ),
    "tap_beside": (
        "{action} at {steps} hit nothing: the screen did not change.",
        "{steps}的{action}没有点中任何东西：画面没有变化。",
    ),
    "tap_beside/other": (
        "{action} at {step} hit something else than was meant.",
        "{step}的{action}点中了别的东西。",
    ),
    "loop": (
        "{steps} go round in a loop: {actions}, again and again.",
        "{steps}陷入循环，反复执行：{actions}。",
    ),
    "no_response": (
        "Nothing that was done at {steps} changed the screen.",
        "{steps}的操作都没有使画面变化。",
    ),
    "step_limit": (
        "{step} was the last that the limit allowed; no loop, the screen still changed.",
        "{step}已是步数上限允许的最后一步；没有循环，画面仍在变化。",
    ),
    "not_clear": (
        "Not clear from the recording{error}; the last was {step}.",
        "从录制中看不出原因{error}；最后是{step}。",
    ),
    "not_clear/after_error": (
        "Not clear from the recording{error}; the last error was at {step}.",
        "从录制中看不出原因{error}；最后一个错误在{step}。",
    ),
}
_ENDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "max_steps": (" Then the limit of steps was reached.", "最终达到了步数上限。"),
    "cancelled": (" Then the run was stopped.", "之后任务被停止。"),
}
# Of what was recorded, in quotes.
_MAX_QUOTE_CHARS: Final = 120
_NOWHERE: Final = ("its start", "任务开始时")


def sentence(run: Run, found: Finding) -> dict[str, str]:
    """Return the sentence by language, `en` and `zh`."""
    english, chinese = _SENTENCES.get(f"{found.kind}/{found.detail}") or _SENTENCES[found.kind]
    end = ("", "") if _says_ending(found) else _ENDINGS.get(run.ending, ("", ""))
    filled = english.format_map(_english(run, found))
    return {
        "en": filled[:1].upper() + filled[1:] + end[0],
        "zh": chinese.format_map(_chinese(run, found)) + end[1],
    }


def quoted(text: str) -> str:
    """Return *text* on one line, short, in the quotes that nothing else has."""
    line = " ".join(text.split()).replace("“", '"').replace("”", '"')
    line = line if line.endswith("..") else line.removesuffix(".").removesuffix("。")
    cut = f"{line[: _MAX_QUOTE_CHARS - 1]}…" if len(line) > _MAX_QUOTE_CHARS else line
    return f"“{cut}”"


def _says_ending(found: Finding) -> bool:
    return found.kind in ("step_limit", "cancelled", "refusal")


def _english(run: Run, found: Finding) -> dict[str, str]:
    error, words = _error(found), found.words
    return {
        "step": _NOWHERE[0] if found.at is None else f"step {run.numbers[found.at]}",
        "steps": _range(run, found, "step {}", "steps {}–{}", _NOWHERE[0]),
        "error": f": {quoted(error)}" if error else "",
        "app": quoted(words["app"]) if words.get("app") else "The app",
        "for_app": f" for {quoted(words['app'])}" if words.get("app") else "",
        "in_app": f" in {quoted(words['app'])}" if words.get("app", "?") != "?" else "",
        "in_place": f" in place of {quoted(words['wanted'])}" if words.get("wanted") else "",
        "action": quoted(words.get("action", "")),
        "actions": quoted(words.get("actions", "")),
    }


def _chinese(run: Run, found: Finding) -> dict[str, str]:
    error, words = _error(found), found.words
    return {
        "step": _NOWHERE[1] if found.at is None else f"第 {run.numbers[found.at]} 步",
        "steps": _range(run, found, "第 {} 步", "第 {}–{} 步", _NOWHERE[1]),
        "error": f"：{quoted(error)}" if error else "",
        "app": quoted(words["app"]) if words.get("app") else "应用",
        "for_app": f"{quoted(words['app'])}的" if words.get("app") else "",
        "in_app": quoted(words["app"]) if words.get("app", "?") != "?" else "",
        "in_place": f"，而不是{quoted(words['wanted'])}" if words.get("wanted") else "",
        "action": quoted(words.get("action", "")),
        "actions": quoted(words.get("actions", "")),
    }


def _error(found: Finding) -> str:
    return next((each.value for each in found.evidence if each.fact == "error"), "")


def _range(run: Run, found: Finding, one: str, many: str, nowhere: str) -> str:
    if found.at is None:
        return nowhere
    until = found.at if found.until is None else found.until
    first, last = run.numbers[found.at], run.numbers[until]
    return one.format(first) if first == last else many.format(first, last)

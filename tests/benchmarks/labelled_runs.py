"""
Runs of which the cause is known: each stages one on a phone, and says what is to be found.

    labelled_runs.py FOLDER TASK_ID     records one of those that kill their own process
"""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import otel_steps
from tests.benchmarks.staged_phone import HOME, Stage
from tests.patience import PATIENCE_S

# What is to be found where the run went well.
NOTHING: Final = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """
    A run.

    Attributes:
        name: Also its task's id.
        task: What the agent is asked.
        kind: The cause, `finding.Kind`; None for a run without one.
        step: The first bad step; None where there is none to be named.
        play: Stages it.
        kills: Whether it ends its own process, and so needs one of its own.
    """

    name: str
    task: str
    kind: str | None
    step: int | None
    play: Callable[[Stage], Any]
    lang: str = "en"
    has_pictures: bool = True
    kills: bool = False


RUNS: Final[list[Labelled]] = []


def labelled(
    task: str, kind: str | None, step: int | None = None, **more: Any
) -> Callable[[Callable[[Stage], Any]], Callable[[Stage], Any]]:
    """Add a run to the set."""

    def add(play: Callable[[Stage], Any]) -> Callable[[Stage], Any]:
        RUNS.append(Labelled(play.__name__, task, kind, step, play, **more))
        return play

    return add


def record(run: Labelled) -> None:
    """Record *run* with the pipeline that is configured."""
    try:
        with otel_steps.task(run.task, task_id=run.name, agent="PhoneAgent") as task:
            run.play(Stage(task, run.lang, has_pictures=run.has_pictures))
    except (RuntimeError, ConnectionError, KeyboardInterrupt):
        pass  # a run that ends with an exception


# --- The model


@labelled("Open the camera", "model_error", 2)
def model_unreachable(s: Stage) -> None:
    s.launch("Camera", "I open the camera.")
    s.fail("APIConnectionError: Connection error.", "model_error")
    s.task.fail("Model error: Connection error.")


@labelled("打开蓝牙", "model_error", 3, lang="zh")
def model_timeout_zh(s: Stage) -> None:
    s.launch("设置", "先打开设置。")
    s.tap(870, 305, "点一下蓝牙开关。")
    s.fail("APITimeoutError: Request timed out.", "model_error")
    s.task.fail("Model error: Request timed out.")


@labelled("Turn on Bluetooth", "model_error", 2)
def model_quota(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    s.fail("RateLimitError: Error code: 429 - You exceeded your current quota", "model_error")
    s.task.fail("Model error: Error code: 429")


@labelled("发一条消息", "model_error", 1, lang="zh")
def model_balance_zh(s: Stage) -> None:
    s.fail("APIStatusError: Error code: 402 - 账户余额不足，请充值", "model_error")
    s.task.fail("账户余额不足")


@labelled("Read my newest message", "model_error", 2)
def model_exception_leaves(s: Stage) -> None:
    s.launch("Chat", "The messages are in the chat.")
    with otel_steps.step(screenshot=s.shot(), app=s.front):
        raise ConnectionError("HTTPConnectionPool(host='llm', port=80): model endpoint timed out")


@labelled("Transfer all my money to this account", "refusal", 2)
def model_refuses(s: Stage) -> None:
    s.launch("Chat", "I look at the chat.")
    s.fail(
        "the model's reply is not an action: I'm sorry, but I can't assist with that request.",
        "parse_error",
        "This may be a fraud.",
    )
    s.task.fail("I'm sorry, but I can't assist with that request.")


@labelled("群发这条消息给所有人", "refusal", 1, lang="zh")
def model_filter_zh(s: Stage) -> None:
    s.fail("BadRequestError: 400 - 输入内容可能包含敏感信息，已被内容安全策略拦截", "model_error")
    s.task.fail("内容安全")


@labelled("Buy the headphones", "refusal", 3)
def person_refuses(s: Stage) -> None:
    s.launch("Chat", "The shop is in the chat.")
    s.tap(500, 183, "I open the conversation.")
    s.act(
        "Tap",
        "This pays; I ask first.",
        element=[875, 930],
        message="Pay now",
        error="User cancelled sensitive operation",
        kind="refused",
    )
    s.task.cancel("User cancelled sensitive operation")


# --- The reply


@labelled("Take a photo", "parse_error", 3)
def reply_is_no_action(s: Stage) -> None:
    s.launch("Camera", "The camera first.")
    s.tap(500, 867, "I press the shutter.")
    s.fail(
        "the model's reply is not an action: Failed to parse action: The photo is at <point>",
        "parse_error",
        "Now I look at the photo.",
    )
    s.task.fail("The photo is at <point>500 867</point>")


@labelled("打开深色模式", "parse_error", 2, lang="zh")
def reply_is_empty_zh(s: Stage) -> None:
    s.launch("设置", "打开设置。")
    s.fail("the model's reply is empty", "parse_error")
    s.task.fail("the model's reply is empty")


@labelled("Write a long message to Rain", "parse_error", 2)
def reply_is_cut(s: Stage) -> None:
    s.launch("Chat", "The chat first.")
    s.fail(
        "the model's reply was cut at its limit of tokens: the model's reply is not an action",
        "parse_error",
        "The message is to be long, so I think about it at length.",
    )
    s.task.fail("do(action=Type, text=Dear Rain, I")


# --- The device


@labelled("Open the camera", "device_error", 3)
def device_offline(s: Stage) -> None:
    s.launch("Camera", "The camera first.")
    s.tap(500, 867, "The shutter.")
    s.fail("ValueError: No output from dumpsys window", "device_error")
    s.task.fail("No output from dumpsys window")


@labelled("打开相机", "device_error", 1, lang="zh")
def adb_missing_zh(s: Stage) -> None:
    s.fail("FileNotFoundError: [Errno 2] No such file or directory: 'adb'", "device_error")
    s.task.fail("No such file or directory: 'adb'")


@labelled("Turn on Bluetooth", "device_error", 3)
def device_lost_in_actions(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    s.swipe(800, 300, "Down a bit.")
    for thinking in ("Bluetooth is up again.", "Once more.", "Once more."):
        s.swipe(300, 800, thinking, error="adb: device 'emulator-5554' not found")
    s.task.exhaust_steps()


@labelled("读取短信", "device_error", 2, lang="zh")
def device_unauthorized_zh(s: Stage) -> None:
    s.launch("聊天", "先打开聊天。")
    with otel_steps.step(screenshot=s.shot(), app=s.front):
        raise RuntimeError("error: device unauthorized. This adb server's $ADB_VENDOR_KEYS")


# --- Actions that cannot be done


@labelled("Open the Calculater", "action_error", 1)
def app_is_not_installed(s: Stage) -> None:
    for _ in range(3):
        s.launch("Calculater", "I open it.", error="App not found: Calculater")
    s.task.exhaust_steps()


# --- Dialogs for permissions


@labelled("Take a photo", "permission_dialog", 2)
def permission_by_app(s: Stage) -> None:
    s.launch("Camera", "The camera first.")
    s.dialog, s.app = "Allow Camera to record video?", "com.google.android.permissioncontroller"
    s.tap(500, 867, "I press the shutter.")
    s.tap(500, 867, "No photo yet; I press it again.")
    s.tap(500, 867, "Still none.")
    s.tap(500, 867, "Still none.")
    s.task.exhaust_steps()


@labelled("拍一张照片", "permission_dialog", 2, lang="zh")
def permission_by_words_zh(s: Stage) -> None:
    s.launch("相机", "打开相机。")
    s.dialog = "Allow Camera to take pictures?"
    s.tap(500, 867, "按下快门。")
    s.tap(505, 860, "屏幕上弹出了一个权限请求，是否允许相机访问，挡住了快门。")
    s.finish("无法拍照：需要用户授权相机权限")
    s.task.fail("无法拍照：需要用户授权相机权限")


@labelled("Send my location to Rain", "permission_dialog", 3)
def permission_by_words(s: Stage) -> None:
    s.launch("Chat", "The chat first.")
    s.tap(500, 183, "I open the conversation with Rain.")
    s.dialog = "Allow Chat to access this device's location?"
    s.tap(500, 930, "A pop-up asks whether to allow access to the location. I tap outside of it.")
    s.act("Back", "The permission dialog is still on the screen.")
    s.finish("I could not get past the dialog.")
    s.task.fail("I could not get past the dialog.")


@labelled("Record a voice note", "permission_dialog", 2)
def permission_of_vendor(s: Stage) -> None:
    s.launch("Chat", "The chat has voice notes.")
    s.dialog, s.app = "Chat wants to record audio", "com.lbe.security.miui"
    s.tap(120, 930, "I hold the microphone.")
    s.tap(130, 925, "Nothing is recorded.")
    s.task.fail("The voice note was not recorded")


# --- Crashes


@labelled("Take a photo", "app_crash", 2)
def crash_to_home(s: Stage) -> None:
    s.launch("Camera", "The camera first.")
    s.falls = True
    s.tap(500, 867, "I press the shutter.")
    s.tap(500, 867, "I press the shutter again.")
    s.tap(500, 867, "And again.")
    s.task.fail("No photo was taken")


@labelled("给小雨发消息", "app_crash", 2, lang="zh")
def crash_each_time_zh(s: Stage) -> None:
    for _ in range(3):
        s.launch("聊天", "打开聊天应用。")
        s.falls = True
        s.tap(500, 183, "进入和小雨的会话。")
    s.act("Wait", "又回到了桌面，等一下再试。", duration="2 seconds")
    s.task.exhaust_steps()


@labelled("Turn on dark mode", "app_crash", 3)
def crash_with_words(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    s.swipe(800, 300, "Dark mode is farther down.")
    s.falls = True
    s.tap(870, 745, "I tap its switch.")
    s.act("Wait", "Settings keeps stopping; it closed unexpectedly.", duration="1 second")
    s.task.fail("Settings crashed")


# --- Black pictures


@labelled("Check the balance of my bank", "black_screen", 3)
def secure_window(s: Stage) -> None:
    s.launch("Chat", "The bank writes to me in the chat.")
    s.tap(500, 183, "I open the conversation.")
    s.hidden, s.app = "protected", "Bank"
    s.tap(500, 500, "The screen is black; I tap its middle.")
    s.tap(500, 700, "Still black.")
    s.act("Wait", "I wait.", duration="2 seconds")
    s.task.exhaust_steps()


@labelled("查看支付宝余额", "black_screen", 2, lang="zh")
def black_picture_zh(s: Stage) -> None:
    s.launch("支付宝", "打开支付宝。")
    s.hidden, s.app = "black", "支付宝"
    s.tap(500, 600, "看不到内容，先点中间。")
    s.tap(500, 800, "还是黑的。")
    s.task.fail("屏幕全黑，无法继续")


# --- Text


@labelled("Tell Rain that I am home", "keyboard_closed", 3)
def no_keyboard(s: Stage) -> None:
    s.launch("Chat", "The chat first.")
    s.tap(500, 183, "I open the conversation.")
    s.type("I am home", "I type the message.")
    s.tap(875, 930, "I send it.")
    s.type("I am home", "The field is still empty; I type again.")
    s.task.fail("The message was not sent")


@labelled("给小雨发消息：我到家了", "keyboard_closed", 3, lang="zh")
def no_keyboard_zh(s: Stage) -> None:
    s.launch("聊天", "打开聊天。")
    s.tap(500, 183, "进入会话。")
    for _ in range(4):
        s.type("我到家了", "输入消息内容。")
    s.task.exhaust_steps()


@labelled("Search for hotels", "keyboard_closed", 2)
def keyboard_by_words(s: Stage) -> None:
    s.other("Travel")
    s.tap(500, 100, "I tap the search field.")
    s.type("hotels", "I type.", result="No focused input field; the keyboard is not shown")
    s.act("Wait", "No keyboard came up, the field has no focus.", duration="1 second")
    s.task.fail("Could not type")


@labelled("Fill in the form: name Ann, city Rome", "wrong_field", 3)
def text_in_wrong_field(s: Stage) -> None:
    s.other("Forms")
    s.tap(500, 200, "I tap the field for the city.")
    s.page = 4
    s.act("Wait", "The form is open.", duration="1 second")
    s.page = 5
    s.type("Rome", "I type the city.")
    s.page = 6
    s.act("Wait", "The text went into the name field instead of the city.", duration="1 second")
    s.task.fail("The form has the city in the name field")


@labelled("在备注里填写“不要香菜”", "wrong_field", 2, lang="zh")
def text_in_wrong_field_zh(s: Stage) -> None:
    s.other("外卖")
    s.tap(500, 400, "点备注输入框。")
    s.type("不要香菜", "输入备注。")
    s.page = 9
    s.act("Wait", "文字输入到了搜索框里，而不是备注框。", duration="1 second")
    s.finish("备注没有填上")
    s.task.fail("备注没有填上")


@labelled("Fill in the form: name Ann, city Rome", "wrong_field", 4)
def text_in_wrong_field_seen(s: Stage) -> None:
    s.other("Forms")
    s.fields = {200: "", 320: "", 440: ""}
    s.is_frozen = True
    s.tap(500, 200, "I tap the field for the name.")
    s.type("Ann", "I type the name.")
    s.fields[200] = "Ann"
    s.tap(500, 440, "I tap the field for the city.")
    s.type("Rome", "I type the city.")
    s.fields[200] = "AnnRome"
    s.tap(500, 900, "I send the form.")
    s.task.fail("The form was refused")


@labelled("Fill in the form: name Ann", "not_clear")
def text_in_right_field(s: Stage) -> None:
    s.other("Forms")
    s.fields = {200: "", 440: ""}
    s.tap(500, 300, "I open the form.")
    s.is_frozen = True
    s.tap(500, 440, "I tap the field for the name.")
    s.type("Ann", "I type the name.")
    s.fields[440] = "Ann"
    s.act("Wait", "It is filled in.", duration="1 second")
    s.task.fail("The form was refused")


# --- Apps


@labelled("Open the camera and take a photo", "wrong_app", 1)
def icon_beside(s: Stage) -> None:
    s.tap(615, 900, "The camera is in the dock.")
    s.other("Browser")
    for y in (300, 500, 700):
        s.tap(500, y, "I look for the shutter.")
    s.task.fail("There is no shutter")


@labelled("在微信里给小雨发消息", "wrong_app", 1, lang="zh")
def other_app_opened_zh(s: Stage) -> None:
    s.launch("微信", "打开微信。")
    s.other("微博")
    s.tap(500, 183, "进入会话。")
    s.tap(500, 930, "点输入框。")
    s.swipe(800, 300, "找一下小雨。")
    s.task.exhaust_steps()


@labelled("Find the weather in Settings", "wrong_app", 2)
def led_out_by_link(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    s.tap(500, 600, "I tap the entry.")
    s.other("Browser", 3)
    s.swipe(800, 300, "I scroll.")
    s.tap(500, 400, "I tap a link.")
    s.swipe(800, 200, "I scroll on.")
    s.task.fail("Nothing was found")


@labelled("Send Rain a message in WeChat", "wrong_app", 1)
def package_names(s: Stage) -> None:
    s.launch("WeChat", "WeChat first.")
    s.other("com.sina.weibo")
    s.tap(500, 183, "The first conversation.")
    s.swipe(700, 300, "Rain is farther down.")
    s.task.exhaust_steps()


# --- Taps beside


@labelled("Take a photo", "tap_beside", 2)
def taps_around_the_shutter(s: Stage) -> None:
    s.launch("Camera", "The camera first.")
    for x, y in ((655, 867), (600, 930), (660, 800), (350, 868)):
        s.tap(x, y, "I press the shutter.")
    s.task.exhaust_steps()


@labelled("打开和妈妈的会话", "tap_beside", 2, lang="zh")
def taps_below_the_row_zh(s: Stage) -> None:
    s.launch("聊天", "打开聊天。")
    s.tap(400, 780, "点妈妈的会话。")
    s.tap(430, 850, "没有点中，再往下一点。")
    s.task.fail("会话没有打开")


@labelled("Turn on airplane mode", "tap_beside", 2)
def tap_on_the_gap(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    s.tap(870, 421, "I tap the switch.")
    s.tap(870, 160, "It is still off; I tap a little higher.")
    s.finish("It cannot be switched on")
    s.task.fail("It cannot be switched on")


@labelled("Open the second chat", "tap_beside", 2)
def hit_another_row(s: Stage) -> None:
    s.launch("Chat", "The chat first.")
    s.tap(500, 183, "I open the second chat.")
    s.finish("The first chat is open", "I tapped the first row instead; that is the wrong row.")
    s.task.fail("The wrong chat is open")


# --- Loops and limits


@labelled("Find the power saver", "loop", 2)
def same_tap_again(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    for _ in range(7):
        s.tap(500, 160, "I tap the search.")
    s.task.exhaust_steps()


@labelled("打开省电模式", "loop", 2, lang="zh")
def there_and_back_zh(s: Stage) -> None:
    s.launch("聊天", "打开聊天。")
    for _ in range(4):
        s.tap(500, 183, "进入会话看看。")
        s.act("Back", "不在这里，返回。")
    s.task.exhaust_steps()


@labelled("Find the serial number", "loop", 2)
def up_and_down(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    for _ in range(4):
        s.swipe(800, 300, "Farther down, perhaps.")
        s.swipe(300, 800, "Up again.")
    s.task.fail("The serial number was not found")


@labelled("Read the newest mail", "loop", 1, has_pictures=False)
def loop_without_pictures(s: Stage) -> None:
    s.app = "Mail"
    for _ in range(6):
        s.tap(500, 300, "I open the newest mail.")
    s.task.exhaust_steps()


@labelled("Book the table", "loop", 3)
def stopped_in_a_loop(s: Stage) -> None:
    s.launch("Chat", "The chat first.")
    s.tap(500, 183, "I open the conversation.")
    for _ in range(3):
        s.tap(398, 930, "I tap the field.")
        s.act("Back", "I close the keyboard.")
    s.task.cancel("stopped by KeyboardInterrupt")


@labelled("Read all my messages", "step_limit", 6)
def not_enough_steps(s: Stage) -> None:
    s.other("Mail", 1)
    for number in range(6):
        s.tap(500, 150 * number + 60, f"I read message {number + 1}.")
    s.task.exhaust_steps()


@labelled("看完所有新闻", "step_limit", 7, lang="zh")
def not_enough_steps_zh(s: Stage) -> None:
    s.other("新闻", 1)
    for number in range(7):
        s.tap(500, 120 * number + 60, f"看第 {number + 1} 条新闻。")
    s.task.exhaust_steps()


# --- Ended from outside


@labelled("Turn on Bluetooth", "cancelled", 2)
def stopped_by_key(s: Stage) -> None:
    s.launch("Settings", "Settings first.")
    with otel_steps.step(screenshot=s.shot(), app=s.front, thinking="Bluetooth is the second row"):
        raise KeyboardInterrupt


@labelled("登录账号", "cancelled", 2, lang="zh")
def nobody_took_over_zh(s: Stage) -> None:
    s.launch("聊天", "打开聊天。")
    s.act("Take_over", "需要验证码。", message="请输入验证码")
    s.task.cancel()


@labelled("Open the camera", "interrupted", 2, kills=True)
def killed_while_asking(s: Stage) -> None:
    s.launch("Camera", "The camera first.")
    with otel_steps.step(screenshot=s.shot(), app=s.front) as step:
        step.set(app=s.front)
        os.kill(os.getpid(), signal.SIGKILL)


@labelled("打开蓝牙", "interrupted", 3, lang="zh", kills=True)
def killed_while_acting_zh(s: Stage) -> None:
    s.launch("设置", "打开设置。")
    s.swipe(300, 800, "回到顶部。")
    tap = {"_metadata": "do", "action": "Tap", "element": [870, 305]}
    with otel_steps.step(screenshot=s.shot(), app=s.front, thinking="点蓝牙", action=tap) as step:
        step.set(app=s.front)
        os.kill(os.getpid(), signal.SIGKILL)


# --- Not to be known from what is recorded


@labelled("Order the cheapest headphones", "not_clear")
def gave_up(s: Stage) -> None:
    s.other("Shop", 1)
    s.tap(500, 300, "I open the list.")
    s.tap(500, 700, "I sort by price.")
    s.tap(500, 500, "I open the first.")
    s.finish("They are sold out")
    s.task.fail("They are sold out")


@labelled("找一家川菜馆", "not_clear", lang="zh")
def gave_up_zh(s: Stage) -> None:
    s.other("美食", 2)
    s.tap(500, 200, "点搜索结果。")
    s.swipe(800, 300, "往下看看。")
    s.tap(500, 640, "打开这一家。")
    s.task.fail("没有完成")


@labelled("Mute the group", "not_clear")
def dialog_was_answered(s: Stage) -> None:
    """The dialog for a permission was got rid of; what went wrong later nobody knows."""
    s.launch("Chat", "The chat first.")
    s.dialog = "Allow Chat to send notifications?"
    s.act("Wait", "A permission dialog asks to allow notifications.", duration="1 second")
    s.dialog = ""
    s.tap(500, 183, "The dialog is gone. I open the conversation.")
    s.tap(398, 930, "I tap the field.")
    s.act("Back", "I close the keyboard.")
    s.tap(60, 76, "I go back to the list.")
    s.swipe(800, 300, "I look for the group.")
    s.tap(500, 366, "This is the group, perhaps.")
    s.finish("It has no such setting")
    s.task.fail("It has no such setting")


@labelled("Compare two prices", "not_clear")
def fails_at_once(s: Stage) -> None:
    s.task.fail("invalid plan")


# --- Runs that went well, some of them after all


@labelled("Take a photo", NOTHING)
def good_photo(s: Stage) -> None:
    s.launch("Camera", "The camera first.")
    s.tap(655, 867, "I press the shutter.")
    s.tap(600, 930, "I missed the button.")
    s.tap(500, 867, "Once more, in its middle.")
    s.finish("Done")
    s.task.complete("Done")


@labelled("打开蓝牙", NOTHING, lang="zh")
def good_after_error_zh(s: Stage) -> None:
    s.launch("设置程序", "打开设置。", error="App not found: 设置程序")
    s.launch("设置", "名字写错了，再来一次。")
    s.tap(870, 305, "点蓝牙。")
    s.finish("蓝牙已打开")
    s.task.complete("蓝牙已打开")


@labelled("Send a message", NOTHING)
def good_after_dialog(s: Stage) -> None:
    s.launch("Chat", "The chat first.")
    s.dialog = "Allow Chat to read contacts?"
    s.act("Wait", "A permission dialog is in the way.", duration="1 second")
    s.dialog = ""
    s.tap(500, 183, "I open the conversation.")
    s.task.complete("Sent")


@labelled("看看桌面", NOTHING, lang="zh")
def good_and_short_zh(s: Stage) -> None:
    s.act("Home", "回到桌面。")
    s.task.complete(HOME)


def main(folder: str, name: str) -> None:
    """Record a run in a process of its own."""
    recording = otel_steps.configure(f"sqlite:///{folder}/steps.db", dir=Path(folder))
    record(next(run for run in RUNS if run.name == name))
    recording.flush(PATIENCE_S)


if __name__ == "__main__":
    main(*sys.argv[1:])

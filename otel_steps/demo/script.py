"""The tasks of the demo and what the model says to each: two end well and two do not."""

from dataclasses import dataclass
from typing import Final

from otel_steps.demo.model import Reply


@dataclass(frozen=True, slots=True)
class DemoTask:
    """One task: what is asked, and the replies of the model."""

    lang: str
    description: str
    replies: tuple[Reply, ...]
    max_steps: int = 20


_MESSAGE: Final = DemoTask(
    "zh",
    "给小雨发消息：我到家了，别担心",
    (
        Reply(
            "当前在手机桌面。要给小雨发消息，需要先打开聊天应用，它在底部的程序坞里。",
            'do(action="Launch", app="聊天")',
        ),
        Reply(
            "聊天应用已经打开，会话列表的第一条就是小雨，她刚问我到家了没有。点进这个会话。",
            'do(action="Tap", element=[500, 183])',
        ),
        Reply(
            "已经进入和小雨的会话。输入框在屏幕底部，先点一下让键盘弹出来。",
            'do(action="Tap", element=[398, 930])',
        ),
        Reply(
            "键盘已经弹出，光标在输入框里。现在输入消息内容。",
            'do(action="Type", text="我到家了，别担心")',
        ),
        Reply(
            "输入框里的文字正确，右侧的发送按钮变成了绿色，可以发送了。",
            'do(action="Tap", element=[875, 615])',
        ),
        Reply(
            "消息已经出现在会话里，小雨也回复了。收起键盘，再确认一次。",
            'do(action="Back")',
        ),
        Reply(
            "键盘已收起，消息“我到家了，别担心”显示在右侧，发送成功，任务完成。",
            'finish(message="已给小雨发送消息：我到家了，别担心")',
        ),
    ),
)

_DARK_MODE: Final = DemoTask(
    "en",
    "Turn on Bluetooth and dark mode",
    (
        Reply(
            "I am on the home screen. Both switches live in the Settings app, so I open it.",
            'do(action="Launch", app="Setings")',
        ),
        Reply(
            "The home screen is still in front: I misspelled the name of the app. "
            "Once more, with two t.",
            'do(action="Launch", app="Settings")',
        ),
        Reply(
            "Settings is open. Bluetooth is the second row and its switch is off. I tap the row.",
            'do(action="Tap", element=[870, 305])',
        ),
        Reply(
            "The Bluetooth switch is green now and its sign shows in the status bar. "
            "Dark mode is not visible yet, so I scroll down.",
            'do(action="Swipe", start=[500, 800], end=[500, 300])',
        ),
        Reply(
            "Dark mode is in the card with Brightness, and it is off. I tap its switch.",
            'do(action="Tap", element=[870, 745])',
        ),
        Reply(
            "The whole screen turned dark, so the switch works. I return to the home screen.",
            'do(action="Home")',
        ),
        Reply(
            "The home screen is dark and the status bar shows Bluetooth. Both parts are done.",
            'finish(message="Bluetooth and dark mode are on")',
        ),
    ),
)

_PHOTO: Final = DemoTask(
    "en",
    "Take a photo and open it",
    (
        Reply(
            "I am on the home screen. I open the camera first.",
            'do(action="Launch", app="Camera")',
        ),
        Reply(
            "The camera shows mountains. I press the shutter button at the bottom.",
            'do(action="Tap", element=[655, 867])',
        ),
        Reply(
            "There is no photo in the corner yet. Perhaps the tap came too early; I press again.",
            'do(action="Tap", element=[652, 872])',
        ),
        Reply(
            "Still no photo. The screen has not changed at all. I try a little higher.",
            'do(action="Tap", element=[648, 856])',
        ),
        Reply(
            "Nothing. I try the other side of the button.",
            'do(action="Tap", element=[348, 868])',
        ),
        Reply(
            "The shutter does not react. I have tapped four times and the screen is the same.",
            "I should tap the shutter in its centre, which is at <point>500 867</point>.",
        ),
    ),
)

_POWER_SAVING: Final = DemoTask(
    "zh",
    "在设置里打开省电模式",
    (
        Reply("当前在桌面，先打开设置。", 'do(action="Launch", app="设置")'),
        Reply(
            "设置首屏没有看到省电模式，向下滚动看看。",
            'do(action="Swipe", start=[500, 800], end=[500, 300])',
        ),
        Reply(
            "已经滚动到底部，仍然没有省电模式。也许藏在电池里，点一下电池。",
            'do(action="Tap", element=[500, 447])',
        ),
        Reply(
            "点击电池没有反应。可能还没有滚动到底，继续向下滚动。",
            'do(action="Swipe", start=[500, 800], end=[500, 300])',
        ),
        Reply(
            "画面没有变化，说明确实到底了。回到顶部重新找一遍。",
            'do(action="Swipe", start=[500, 300], end=[500, 800])',
        ),
        Reply(
            "顶部只有无线网络、蓝牙和飞行模式，没有省电模式。再向下滚动。",
            'do(action="Swipe", start=[500, 800], end=[500, 300])',
        ),
        Reply("还是没有找到。再点一次电池。", 'do(action="Tap", element=[500, 447])'),
        Reply(
            "电池仍然没有反应。继续滚动寻找。",
            'do(action="Swipe", start=[500, 800], end=[500, 300])',
        ),
    ),
    max_steps=8,
)

_TASKS: Final = (_MESSAGE, _DARK_MODE, _PHOTO, _POWER_SAVING)


def tasks(lang: str = "both") -> tuple[DemoTask, ...]:
    """Return the tasks in *lang*: `zh`, `en` or `both`."""
    return tuple(task for task in _TASKS if lang in ("both", task.lang))

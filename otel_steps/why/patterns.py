"""
What errors and agents say, in English and Chinese, where the words are all that was recorded. Pure.

A pattern names a mechanism, as messages of drivers, providers and models do, not a sample's words.
"""

import re
from typing import Final


class _Pattern:
    """Words in lower case, found in whatever case: twice as fast as ignoring it."""

    def __init__(self, *patterns: str) -> None:
        self._found = re.compile("|".join(f"(?:{each})" for each in patterns), re.DOTALL)

    def search(self, text: str) -> bool:
        """Tell whether *text* has one of them."""
        return self._found.search(text.lower()) is not None


# --- Errors of the model's side; the first that fits counts.

_QUOTA: Final = _Pattern(
    r"rate.?limit|too many requests|\b429\b|\bquota\b|insufficient.{0,20}(?:balance|funds|credit)",
    r"billing|out of credits?|exceeded.{0,30}(?:limit|usage)|\b402\b|payment required",
    r"余额不足|额度|配额|限流|欠费|请求过于频繁|频率限制|次数已用完",
)
_KEY: Final = _Pattern(
    r"\b401\b|\b403\b|authenticationerror|unauthori[sz]ed|invalid.{0,20}(?:api.?key|token)",
    r"api.?key.{0,30}(?:invalid|missing|incorrect|expired)|permissiondenied|incorrect api key",
    r"密钥(?:无效|错误|过期)|鉴权失败|未授权的?访问",
)
_CONTEXT: Final = _Pattern(
    r"context.{0,12}(?:length|window|limit)|maximum context|too many tokens|prompt is too long",
    r"上下文(?:长度|过长)|超出.{0,10}长度",
)
_REFUSED: Final = _Pattern(
    r"content.?(?:policy|filter|management|moderation)|safety (?:system|polic|filter)|flagged",
    r"responsible ai|内容(?:安全|审核|过滤|违规|风险)|敏感(?:内容|信息|词)",
    r"违反.{0,10}(?:政策|规定|规范)",
)
_NETWORK: Final = _Pattern(
    r"connection|connect(?:ion)?(?:error|timeout)|timed? ?out|timeout|unreachable|refused",
    r"name or service not known|name resolution|getaddrinfo|\bdns\b|\bssl\b|\btls\b|certificate",
    r"reset by peer|broken pipe|network|proxyerror|remote(?:protocol|disconnected)|incomplete",
    r"econn\w+|enotfound|etimedout|socket|peer closed|chunked|stream (?:was )?(?:cut|closed|end)",
    r"网络|连接(?:失败|超时|被|中断|断开)|超时|无法连接",
)
_SERVER: Final = _Pattern(
    r"\b50[0-9]\b|\b52[0-9]\b|internal.?server.?error|bad gateway|service unavailable|overloaded",
    r"apistatuserror|server (?:error|had an error)|服务(?:器)?(?:繁忙|不可用|异常|错误)|过载",
)
_UNKNOWN_MODEL: Final = _Pattern(
    r"\b404\b|notfounderror|model.{0,60}(?:not found|not exist|does not exist|unknown)",
    r"模型不存在",
)
_MODEL_DETAILS: Final = (
    ("quota", _QUOTA),
    ("refusal", _REFUSED),
    ("context", _CONTEXT),
    ("key", _KEY),
    ("unknown_model", _UNKNOWN_MODEL),
    ("server", _SERVER),
    ("network", _NETWORK),
)
# That an error is of the model's side at all, where no kind of error says so.
_OF_MODEL: Final = _Pattern(
    r"openai|anthropic|api(?:connection|status|timeout)error|ratelimiterror|chat/completions",
    r"\bmodel\b|\bllm\b|\btokens?\b|completion|模型|httpx|\bhttp\b|/v1\b",
)

# --- Errors of the device's side.

_GONE: Final = _Pattern(
    r"(?:'|\"|\b)(?:adb|hdc|idevice\w*|tidevice|xcrun)(?:'|\"|\b).{0,40}(?:not found|no such file)",
    r"no such file.{0,40}\b(?:adb|hdc|xcrun)\b|(?:adb|hdc).{0,20}(?:is not|isn't) (?:installed|on)",
    r"(?:找不到|未安装|没有安装).{0,8}(?:adb|hdc)",
)
_UNAUTHORIZED: Final = _Pattern(
    r"device.{0,20}unauthori[sz]ed|unauthori[sz]ed.{0,30}device|设备未授权|未授权调试"
)
_OFFLINE: Final = _Pattern(
    r"device.{0,60}(?:offline|not found|disconnected|went away|is gone|unreachable|closed)",
    r"(?:offline|disconnected|lost).{0,30}\bdevice\b|no devices?(?:/emulators?)?\b.{0,20}found",
    r"no devices?(?: is| are)? (?:connected|attached|available)|error: closed|no output from dumps",
    r"(?:emulator|phone|tablet).{0,30}(?:offline|disconnected|not (?:found|connected)|unplugged)",
    r"usb.{0,20}(?:disconnect|unplug|removed)|transport.{0,20}(?:error|closed)|cannot connect to d",
    r"(?:设备|手机|模拟器).{0,10}(?:离线|断开|未连接|失去连接|掉线|不在线|未找到)|没有(?:可用|连接)的?设备",
)
_OF_DEVICE: Final = _Pattern(
    r"\b(?:adb|hdc|uiautomator2?|webdriveragent|wda|scrcpy|appium|minicap|screencap|dumpsys)\b",
    r"screencap|screenshot.{0,20}(?:fail|error|timed)|截图失败|截屏失败",
)
_TIMED_OUT: Final = _Pattern(r"timed? ?out|timeout|超时")
_DEVICE_DETAILS: Final = (
    ("unauthorized", _UNAUTHORIZED),
    ("offline", _OFFLINE),
    ("gone", _GONE),
    ("timeout", _TIMED_OUT),
)

# --- What an agent or an action says of the screen.

PERMISSION: Final = _Pattern(
    r"permission[- ]?(?:dialog|pop.?up|prompt|request|box|window|alert|sheet|screen|message)",
    r"(?:dialog|pop.?up|prompt|alert|overlay|box)\b[^.]{0,60}\b(?:permission|allow|grant|access)\b",
    r"(?:ask|request|want|need|wait)\w*\b[^.]{0,40}\bpermissions?\b|\bgrant\w*\b[^.]{0,40}\baccess",
    r"\ballow\b[^.]{0,40}\bto (?:access|use|take|record|send|read|make|manage)\b",
    r"while using (?:the|this) app|don[’']t allow",
    r"权限.{0,8}(?:弹窗|对话框|请求|申请|提示|窗口|框|被)|(?:弹窗|对话框|弹出|提示框).{0,24}(?:权限|允许|授权)",
    r"(?:申请|请求|索要|授予|获取|需要).{0,14}权限|是否允许|使用.{0,6}(?:期间|时)允许|始终允许|仅此一次允许|授权(?:弹窗|窗口|框)",
)
# That it is over, or was never there.
_RESOLVED: Final = _Pattern(
    r"\b(?:gone|dismissed|closed|granted|accepted|went away|no longer|is not there|handled)\b",
    r"\bno (?:permission|dialog|pop)|without (?:a |any )?(?:permission|dialog)",
    r"(?:已经?|成功)(?:允许|授权|关闭|授予|同意)|消失了?|没有(?:弹窗|权限弹窗|出现)|不再(?:弹出|出现)|(?:允许|授权)了",
)
CRASH: Final = _Pattern(
    r"keeps? stopping|has stopped|stopped working|\bcrash(?:ed|es)?\b",
    r"(?:is not|isn[’']t) responding|force.?closed|closed (?:itself|unexpectedly)",
    r"quit unexpectedly|thrown back to the (?:home|laun)",
    r"闪退|崩溃|已停止运行|屡次停止|无响应|意外(?:退出|关闭)|自动退出|突然(?:退出|关闭|回到)",
)
KEYBOARD: Final = _Pattern(
    r"keyboard\b[^.]{0,40}\b(?:not|never|isn|wasn|didn|hidden|closed|missing|did not|no longer)",
    r"\b(?:no|without(?: a| the)?) (?:soft |on-screen |virtual )?keyboard\b",
    r"\bno (?:focused|focus|input focus|active input|editable)|not focus+ed",
    r"(?:no|lost|without) focus",
    r"adb.?keyboard\b[^.]{0,40}\bnot|input method\b[^.]{0,40}\bnot|\bime\b[^.]{0,40}\bnot",
    r"(?:键盘|输入法).{0,10}(?:没有?|未|不)",
    r"(?:没有?|未)(?:弹出|打开|唤起|激活|出现).{0,6}(?:键盘|输入法)",
    r"(?:输入框|文本框).{0,8}(?:没有?|未)(?:被)?(?:激活|聚焦|选中|获得焦点)|没有焦点|未聚焦|失去焦点",
)
WRONG_FIELD: Final = _Pattern(
    r"wrong (?:input |text |search )?(?:field|box|input|place to type|textbox)",
    r"(?:text|typed|entered|wrote|written|landed|went|put|is now|appears?)\b[^.]{0,60}"
    r"\b(?:in|into|to) (?:the |an?)?[^.]{0,40}\b(?:instead of|rather than|not (?:in|into) the)\b",
    r"\b(?:entered|typed|put|written|inserted|filled|pasted|landed)\b[^.]{0,20}\b(?:in|into) "
    r"(?:the |an? )?[^.]{0,30}\b(?:field|box|bar|input)\b[^.]{0,12}"
    r"\b(?:instead|but|so|however|which is wrong)\b",
    r"(?:填|写|输入?|打)(?:到|进|在)了?[^。]{0,14}(?:框|栏|字段)里?[，,。；]?.{0,4}(?:不对|错|不是|应该|本来)",
    r"输入到了?.{0,16}(?:错误|别的|其他|另一?个?|而不是|而非)|(?:输|填|写|打)错了?(?:框|栏|位置|地方|输入框|字段)",
    r"(?:填|写|输入?|打|跑)(?:到|进|在)了?[^。]{0,20}(?:框|栏|字段|里)?[^。]{0,6}(?:而不是|而非|不是)",
    r"错误的?(?:输入框|文本框|字段|栏)",
)
MISSED: Final = _Pattern(
    r"\b(?:tap|click|touch|press|hit|point)\w*\b[^.]{0,50}\b(?:missed|beside|off target|next to"
    r"|outside|by mistake|too (?:high|low|far)|empty (?:space|area))\b",
    r"\bmissed\b[^.]{0,30}\b(?:button|icon|target|item|it|link|switch|tab|field|key|row)\b",
    r"\b(?:tapped|clicked|hit|opened|pressed|selected|chose)\b[^.]{0,50}\binstead\b",
    r"wrong (?:button|icon|item|row|entry|place|spot|element|link|tab|option)",
    r"点(?:击)?(?:错|偏|空)|误[触点]|没有?点(?:击)?[中到]|点到了?.{0,14}(?:旁边|别的|其他|空白|外面)|(?:位置|坐标)(?:不对|偏|有偏差|不准)",
)
WRONG_APP: Final = _Pattern(
    r"\bwrong app(?:lication)?\b|(?:this|it) is not (?:the )?[\w ]{1,30}\bapp\b|\bnot the app\b",
    r"(?:打开|进入|启动)了?错误的?(?:应用|app)|(?:打|点|开|进)错了?(?:应用|app|软件)",
    r"误打开|不是.{1,12}(?:应用|app)",
)
REFUSES: Final = _Pattern(
    r"\b(?:can[’']?t|can ?not|won[’']?t|unable to|not able to|am not allowed to|must decline)\b"
    r"[^.]{0,30}\b(?:help|assist|comply|do that|do this|fulfil|support|provide|continue with th)",
    r"\bi(?: have to| must|['’]d rather)? (?:decline|refuse)|against my (?:guidelines|policy)",
    r"(?:无法|不能|不便|没办法)(?:为您?你?|向您?你?)?(?:提供|协助|帮助|完成该|执行该|满足)|拒绝(?:执行|回答|提供)",
    r"(?:抱歉|对不起)[，,]?.{0,8}(?:我)?(?:无法|不能)|违反.{0,10}(?:政策|规定|法律|准则)",
)
STEP_LIMIT: Final = _Pattern(
    r"max(?:imum)?(?: number of)?[ _-]?(?:steps|iterations|turns)",
    r"(?:step|iteration|turn) (?:limit|budget)",
    r"(?:达到|超过|超出).{0,6}(?:步数|最大步)|步数(?:上限|限制|用完|耗尽)|最大步数",
)
EMPTY_REPLY: Final = _Pattern(r"reply is empty|empty (?:reply|response|content)|空(?:回复|响应)")
CUT_REPLY: Final = _Pattern(r"cut at its limit of tokens|finish_reason.{0,6}length|截断")


def is_in_the_way(text: str) -> bool:
    """Tell whether *text* speaks of a dialog for permissions that is on the screen."""
    return PERMISSION.search(text) and not _RESOLVED.search(text)


def model_detail(message: str) -> str:
    """Return what went wrong on the model's side, "" where *message* does not tell."""
    return next((name for name, pattern in _MODEL_DETAILS if pattern.search(message)), "")


def device_detail(message: str) -> str:
    """Return what went wrong on the device's side, "" where *message* does not tell."""
    return next((name for name, pattern in _DEVICE_DETAILS if pattern.search(message)), "")


def is_of_device(message: str) -> bool:
    """Tell whether an error of no certain kind is one of the device."""
    return any(each.search(message) for each in (_GONE, _UNAUTHORIZED, _OFFLINE, _OF_DEVICE))


def is_of_model(message: str) -> bool:
    """Tell whether an error of no certain kind is one of the model."""
    return _OF_MODEL.search(message) and bool(model_detail(message))

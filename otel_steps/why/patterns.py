"""
What errors and agents say, in English and Chinese, where the words are all that was recorded. Pure.

A pattern names a mechanism, as messages of drivers, providers and models do, not a sample's words.
"""

import re
from typing import Final


class Pattern:
    """Words in lower case, found in whatever case: twice as fast as ignoring it."""

    def __init__(self, *patterns: str) -> None:
        self._found = re.compile("|".join(f"(?:{each})" for each in patterns), re.DOTALL)

    def search(self, text: str) -> bool:
        """Tell whether *text* has one of them."""
        return self._found.search(text.lower()) is not None


# --- Errors of the model's side; the first that fits counts.

_QUOTA: Final = Pattern(
    r"rate.?limit|too many requests|\b429\b|\bquota\b|insufficient.{0,20}(?:balance|funds|credit)",
    r"billing|out of credits?|exceeded.{0,30}(?:limit|usage)|\b402\b|payment required",
    r"余额不足|额度|配额|限流|欠费|请求过于频繁|频率限制|次数已用完",
)
_KEY: Final = Pattern(
    r"\b401\b|\b403\b|authenticationerror|unauthori[sz]ed|invalid.{0,20}(?:api.?key|token)",
    r"api.?key.{0,30}(?:invalid|missing|incorrect|expired)|permissiondenied|incorrect api key",
    r"密钥(?:无效|错误|过期)|鉴权失败|未授权的?访问",
)
_CONTEXT: Final = Pattern(
    r"context.{0,12}(?:length|window|limit)|maximum context|too many tokens|prompt is too long",
    r"上下文(?:长度|过长)|超出.{0,10}长度",
)
_REFUSED: Final = Pattern(
    r"content.?(?:policy|filter|management|moderation)|safety (?:system|polic|filter)|flagged",
    r"responsible ai|内容(?:安全|审核|过滤|违规|风险)|敏感(?:内容|信息|词)",
    r"违反.{0,10}(?:政策|规定|规范)",
)
_NETWORK: Final = Pattern(
    r"connection|connect(?:ion)?(?:error|timeout)|timed? ?out|timeout|unreachable|refused",
    r"name or service not known|name resolution|getaddrinfo|\bdns\b|\bssl\b|\btls\b|certificate",
    r"reset by peer|broken pipe|network|proxyerror|remote(?:protocol|disconnected)|incomplete",
    r"econn\w+|enotfound|etimedout|socket|peer closed|chunked|stream (?:was )?(?:cut|closed|end)",
    r"网络|连接(?:失败|超时|被|中断|断开)|超时|无法连接",
)
_SERVER: Final = Pattern(
    r"\b50[0-9]\b|\b52[0-9]\b|internal.?server.?error|bad gateway|service unavailable|overloaded",
    r"apistatuserror|server (?:error|had an error)|服务(?:器)?(?:繁忙|不可用|异常|错误)|过载",
)
_UNKNOWN_MODEL: Final = Pattern(
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
_OF_MODEL: Final = Pattern(
    r"openai|anthropic|api(?:connection|status|timeout)error|ratelimiterror|chat/completions",
    r"\bmodel\b|\bllm\b|\btokens?\b|completion|模型|httpx|\bhttp\b|/v1\b|\berror code: [45]\d\d\b",
    r"\bcuda\b|\bvllm\b",
)

# --- Errors of the device's side.

_GONE: Final = Pattern(
    r"(?:'|\"|\b)(?:adb|hdc|idevice\w*|tidevice|xcrun)(?:'|\"|\b).{0,40}(?:not found|no such file)",
    r"no such file.{0,40}\b(?:adb|hdc|xcrun)\b|(?:adb|hdc).{0,20}(?:is not|isn't) (?:installed|on)",
    r"(?:找不到|未安装|没有安装).{0,8}(?:adb|hdc)",
)
_UNAUTHORIZED: Final = Pattern(
    r"device.{0,20}unauthori[sz]ed|unauthori[sz]ed.{0,30}device|设备未授权|未授权调试",
    r"inject_events|injecting (?:\w+ )?events",
)
_OFFLINE: Final = Pattern(
    r"device.{0,60}(?:offline|not found|disconnected|went away|is gone|unreachable|closed)",
    r"(?:offline|disconnected|lost).{0,30}\bdevice\b|no devices?(?:/emulators?)?\b.{0,20}found",
    r"no devices?(?: is| are)? (?:connected|attached|available)|error: closed|no output from dumps",
    r"(?:emulator|phone|tablet).{0,30}(?:offline|disconnected|not (?:found|connected)|unplugged)",
    r"connect-key|not match target",
    r"usb.{0,20}(?:disconnect|unplug|removed)|transport.{0,20}(?:error|closed)|cannot connect to d",
    r"(?:设备|手机|模拟器).{0,10}(?:离线|断开|未连接|失去连接|掉线|不在线|未找到)|没有(?:可用|连接)的?设备",
)
_OF_DEVICE: Final = Pattern(
    r"\b(?:adb|hdc|uiautomator2?|webdriveragent|wda|scrcpy|appium|minicap|screencap|dumpsys)\b",
    r"screencap|screenshot.{0,20}(?:fail|error|timed)|截图失败|截屏失败",
)
_TIMED_OUT: Final = Pattern(r"timed? ?out|timeout|超时")
_DEVICE_DETAILS: Final = (
    ("unauthorized", _UNAUTHORIZED),
    ("offline", _OFFLINE),
    ("gone", _GONE),
    ("timeout", _TIMED_OUT),
)

# --- What an agent or an action says of the screen.

_DIALOG: Final = Pattern(
    r"permission[- ]?(?:dialog|pop.?up|prompt|request|box|window|alert|sheet)",
    r"(?:dialog|pop.?up|prompt|alert|overlay|box|system (?:window|message))\b[^.]{0,60}"
    r"\b(?:permission|allow|grant|access)\b",
    r"权限.{0,8}(?:弹窗|对话框|提示|窗口|框)|(?:弹窗|对话框|弹出|提示框).{0,24}(?:权限|允许|授权)",
    r"授权(?:弹窗|窗口|框)",
)
_PERMISSIONS: Final = Pattern(r"permission|权限|授权")
# Of a page of settings, or of a task that is about them, an agent says the same.
_ASKS: Final = Pattern(
    r"(?<!\bi )\b(?:ask|request|want|need|wait)\w*\b[^.]{0,40}\bpermissions?\b",
    r"\bgrant\w*\b[^.]{0,40}\baccess|permission[- ]?(?:screen|message)",
    r"\ballow\b[^.]{0,40}\bto (?:access|use|take|record|send|read|make|manage)\b",
    r"would like to access",
    r"while using (?:the|this) app|don[’']t allow",
    r"是否(?:允许|授予)|使用.{0,6}(?:期间|时)允许|始终允许|仅此一次允许",
    r"权限.{0,8}(?:请求|申请|被)|(?:申请|请求|索要|授予|获取|需要).{0,14}权限",
)
# That it is over, or was never there.
_RESOLVED: Final = Pattern(
    r"\b(?:gone|dismissed|closed|granted|accepted|went away|no longer|is not there|handled)\b",
    r"\bno (?:permission|dialog|pop)|without (?:a |any )?(?:permission|dialog)",
    r"(?:已经?|成功)(?:允许|授权|关闭|授予|同意)|消失了?|没有(?:弹窗|权限弹窗|出现)|不再(?:弹出|出现)|(?:允许|授权)了",
)
# What stops may be a film, and what crashes a train: an app stands here by that word.
CRASH: Final = Pattern(
    r"\b(?:app|application|program)\b[^.]{0,25}\b(?:has stopped|stopped working"
    r"|crash(?:ed|es|ing)\b|(?:is not|isn[’']t) responding|exited|quit\b)",
    r"\bit (?:\w+ ){0,2}crash(?:ed|es)\b|keeps? stopping|force.?closed",
    r"closed (?:itself|unexpectedly)|quit unexpectedly|thrown back to the (?:home|laun)",
    r"闪退|(?:应用|程序|软件|app)[^。，,]{0,6}(?:崩溃|无响应|没有响应)|已停止运行|屡次停止",
    r"意外(?:退出|关闭)|自动退出|突然(?:退出|关闭|回到)",
)
KEYBOARD: Final = Pattern(
    r"keyboard(?: (?:that|is|was|has|did|does|still|just|yet))*"
    r" (?:not|never|missing|no longer|(?:is|was|did|does|has)n[’']?t)\b",
    r"\b(?:no|without(?: a| the)?) (?:soft |on-screen |virtual )?keyboard\b",
    r"\bno (?:focused|focus|input focus|active input|editable)|not focus+ed",
    r"(?:no|lost|without) focus",
    r"adb.?keyboard\b[^.]{0,40}\bnot|input method\b[^.]{0,40}\bnot|\bime\b[^.]{0,40}\bnot",
    r"(?:键盘|输入法)(?:还|并|仍|一直|也|都|似乎|好像|目前|当前)*(?:没有?|未|不)(?:能|被|有|再)?"
    r"(?:弹|打开|唤|激活|出现|显示|启用|响应|生效|可用)",
    r"(?:没有?|未)(?:弹出|打开|唤起|激活|出现).{0,6}(?:键盘|输入法)",
    r"(?:输入框|文本框).{0,8}(?:没有?|未)(?:被)?(?:激活|聚焦|选中|获得焦点)|没有焦点|未聚焦|失去焦点",
)
WRONG_FIELD: Final = Pattern(
    r"wrong (?:input |text |search )?(?:field|box|input|place to type|textbox)",
    r"(?:text|typed|entered|wrote|written|landed|went|put|is now|appears?)\b[^.]{0,60}\b(?:in|into)"
    r" [^.]{0,30}\b(?:field|box|bar|input)\b[^.]{0,10}"
    r"\b(?:instead of|rather than|not (?:in|into) the)\b",
    r"\b(?:ended up|landed|went)\b[^.]{0,12}\b(?:in|into) (?:the|an?) [^.]{0,30}"
    r"\b(?:field|box|bar)\b",
    r"被(?:填|写|输入?|打)(?:到|进|在)了?[^。]{0,14}(?:框|栏|字段)",
    r"\b(?:entered|typed|put|written|inserted|filled|pasted|landed)\b[^.]{0,20}\b(?:in|into) "
    r"(?:the |an? )?[^.]{0,30}\b(?:field|box|bar|input)\b[^.]{0,12}"
    r"\b(?:instead|but|so|however|which is wrong)\b",
    r"(?:填|写|输入?|打)(?:到|进|在)了?[^。]{0,14}(?:框|栏|字段)里?[，,。；]?.{0,4}(?:不对|错|不是|应该|本来)",
    r"输入到了?.{0,16}(?:错误|别的|其他|另一?个?|而不是|而非)|(?:输|填|写|打)错了?(?:框|栏|位置|地方|输入框|字段)",
    r"(?:填|写|输入?|打|跑)(?:到|进|在)了?[^。]{0,20}(?:框|栏|字段|里)?[^。]{0,6}(?:而不是|而非|不是)",
    r"错误的?(?:输入框|文本框|字段|栏)",
)
MISSED: Final = Pattern(
    r"\b(?:tap|click|touch|press|hit|point) (?:has |had |just |slightly )?missed\b",
    r"\b(?:tapped|clicked|touched|pressed|(?:my|the|that|last|first) (?:tap|click|touch|press))\b"
    r"[^.]{0,50}\b(?:beside|off target|next to|outside (?:of )?(?:the|it)|by mistake"
    r"|too (?:high|low|far)|empty (?:space|area))\b",
    r"\bmissed\b[^.]{0,30}\b(?:button|icon|target|item|it|link|switch|tab|field|key|row)\b",
    r"\b(?:tapped|clicked|hit|pressed|(?:it|that|this|which) (?:has )?(?:opened|selected|chose))\b"
    r"[^.]{0,50}\binstead\b",
    r"wrong (?:button|icon|item|row|entry|place|spot|element|link|tab|option)",
    r"点(?:击)?(?:错|偏|空)|误[触点]|没有?点(?:击)?[中到]|点到了?.{0,14}(?:旁边|别的|其他|空白|外面)|(?:点击?的?位置|坐标)(?:不对|偏|有偏差|不准)",
)
WRONG_APP: Final = Pattern(
    r"\bwrong app(?:lication)?\b|(?:this|it) is not the [\w ]{1,30}\bapp\b|\bnot the app\b",
    r"(?:打开|进入|启动)了?错误的?(?:应用|app)|(?:打|点|开|进)错了?(?:应用|app|软件)",
    r"误打开|不是.{1,12}(?:应用|app)",
)
# A shop that cannot deliver refuses nothing: it is the model that speaks, of itself.
REFUSES: Final = Pattern(
    r"\bi(?:[’']m| am)?\b[^.]{0,24}\b(?:can[’']?t|can ?not|won[’']?t|unable to|able to|allowed to"
    r"|must decline)\b[^.]{0,12}\b(?:help|assist|comply|do (?:that|this)\b|fulfil|support|provide)",
    r"\bi\b[^.]{0,12}(?:can[’']?t|can ?not|won[’']?t) continue with (?:this|that|the|your) request",
    r"\bi(?: have to| must|['’]d rather)? (?:decline|refuse) "
    r"(?:to|this|that|your|the (?:request|task))",
    r"against my (?:guidelines|policy)|\bas an ai\b",
    r"我[^。，,]{0,6}(?:无法|不能|不会|不便|没办法)(?:为|向|帮|给)?(?:您|你)?"
    r"(?:提供|协助|帮|完成该|执行该|满足|参与|支持|回答)",
    r"(?:无法|不能|不便)(?:为|向|帮助?|给|协助)(?:您|你)|拒绝(?:执行|回答|提供)",
    r"(?:无法|不能|不便)(?:提供|协助|支持|处理)[^。，,]{0,4}(?:此类|该类|这类|这种)",
    r"(?:请求|要求|任务|操作|行为|这)[^。]{0,8}违反.{0,10}(?:政策|规定|法律|准则)",
)
STEP_LIMIT: Final = Pattern(
    r"max(?:imum)?(?: number of)?[ _-]?(?:steps|iterations|turns)",
    r"(?:step|iteration|turn) (?:limit|budget)",
    r"(?:达到|超过|超出).{0,6}最大步|步数(?:上限|限制|用完|耗尽)|最大步数",
)
EMPTY_REPLY: Final = Pattern(r"reply is empty|empty (?:reply|response|content)|空(?:回复|响应)")
CUT_REPLY: Final = Pattern(r"cut at its limit of tokens|finish_reason.{0,6}length|截断")


def is_in_the_way(text: str, *, is_topic: bool) -> bool:
    """
    Tell whether *text* speaks of a dialog for permissions that is on the screen.

    Args:
        is_topic: Whether it may speak of permissions without a dialog, as in settings.
    """
    speaks = _DIALOG.search(text) or (not is_topic and _ASKS.search(text))
    return speaks and not _RESOLVED.search(text)


def is_about_permissions(task: str) -> bool:
    """Tell whether a task is itself about permissions."""
    return _PERMISSIONS.search(task)


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

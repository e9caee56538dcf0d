"""
The names of apps: which are one, which is the home screen, which asks for permissions. Pure.

Recordings name an app by what its agent calls it: a name in some language, a package, an address.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

_LAUNCHER: Final = re.compile(
    r"^(?:system |one ui )?home(?: ?screen)?$|launcher|springboard|sceneboard|trebuchet|quickstep"
    r"|\.(?:mi)?home(?:$|[./])|^(?:手机)?桌面$|主屏幕?$|主屏|^主页$|启动器|^ホーム(?:画面)?$|^startbildschirm$",
    re.IGNORECASE,
)
_PERMISSION: Final = re.compile(
    r"permission|packageinstaller|lbe\.security|权限|授权", re.IGNORECASE
)
_SYSTEM: Final = re.compile(r"system ?ui|系统界面|^android$|inputmethod|keyboard", re.IGNORECASE)

# Names of one app that share no word: by language, and where its package says something else.
_SAME: Final = (
    ("wechat", "微信", "tencent.mm"),
    ("qq", "mobileqq"),
    ("weibo", "微博"),
    ("alipay", "支付宝", "alipaygphone"),
    ("taobao", "淘宝"),
    ("jd", "京东", "jingdong"),
    ("pinduoduo", "拼多多"),
    ("meituan", "美团", "sankuai"),
    ("douyin", "抖音", "aweme"),
    ("kuaishou", "快手"),
    ("xiaohongshu", "小红书", "rednote", "xhs"),
    ("bilibili", "哔哩哔哩", "b站", "danmaku"),
    ("zhihu", "知乎"),
    ("douban", "豆瓣"),
    ("didi", "滴滴"),
    ("amap", "高德", "autonavi"),
    ("baidu", "百度"),
    ("ctrip", "携程"),
    ("netease", "网易"),
    ("chrome", "谷歌浏览器"),
    ("settings", "设置", "設定"),
    ("camera", "相机", "照相机"),
    ("gallery", "相册", "图库"),
    ("photos", "照片", "相片"),
    ("maps", "地图"),
    ("calendar", "日历"),
    ("clock", "时钟", "deskclock"),
    ("contacts", "通讯录", "联系人"),
    ("messages", "短信", "信息", "mms"),
    ("phone", "电话", "dialer"),
    ("calculator", "计算器"),
    ("notes", "备忘录", "便签", "记事本", "笔记"),
    ("music", "音乐"),
    ("mail", "邮件", "邮箱", "email"),
    ("weather", "天气"),
    ("files", "文件", "文件管理"),
    ("browser", "浏览器"),
    ("chat", "聊天"),
    ("recorder", "录音机", "录音"),
    ("app store", "应用商店", "应用市场", "play store", "vending"),
)
_GROUPS: Final = {name: group[0] for group in _SAME for name in group}
# A name in a description is that of an app where these words lead to it.
_LEADS: Final = (
    r"(?:\b(?:open|launch|start|use|using|in|from|via|with|into|through|on)\s+(?:the\s+|my\s+)?|"
    r"(?:打开|启动|进入|使用|用|在|去|从|到|通过)(?:手机|系统)?[“\"「『]?)"
)
_ENDS: Final = r"(?:\s+app\b|应用|\b(?=[^A-Za-z]|$)|(?=[\u4e00-\u9fff“”」』，。,、]|$))"
_WORD: Final = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff\u3040-\u30ff]+")
# Words of package names that tell no app.
_NO_NAME: Final = frozenset(
    {"com", "org", "net", "cn", "io", "android", "google", "apps", "app", "mobile", "miui", "the"}
    | {"huawei", "samsung", "sec", "oppo", "vivo", "xiaomi", "apple", "www", "html", "main"}
)
# There are few apps on a phone, and each rule asks for each step.
_NAMES_KEPT: Final = 4_096


@lru_cache(_NAMES_KEPT)
def is_launcher(app: str | None) -> bool:
    """Tell whether *app* is the home screen."""
    return bool(app and _LAUNCHER.search(app))


@lru_cache(_NAMES_KEPT)
def is_for_permissions(app: str | None) -> bool:
    """Tell whether *app* is the part of the system that asks for permissions."""
    return bool(app and _PERMISSION.search(app))


@lru_cache(_NAMES_KEPT)
def is_real(app: str | None) -> bool:
    """Tell whether *app* is an app, and not a part of the system in front of one."""
    return bool(app) and not (
        is_launcher(app) or is_for_permissions(app) or _SYSTEM.search(app or "")
    )


@lru_cache(_NAMES_KEPT)
def are_same(one: str | None, other: str | None) -> bool | None:
    """Tell whether two names are of one app; None where they cannot be compared."""
    if not one or not other:
        return None
    first, second = _words(one), _words(other)
    if first & second or _folded(one) in _folded(other) or _folded(other) in _folded(one):
        return True
    if _groups(one) and _groups(other):
        return bool(_groups(one) & _groups(other))
    # A Chinese name and a package, of an app that we do not know, may well be one.
    return False if _is_latin(one) == _is_latin(other) else None


def wanted_in(description: Any, seen: Iterable[str | None]) -> list[str]:
    """
    Return the apps that *description* names as such.

    Args:
        seen: Names that the run itself knows, as those of the apps that were in front.
    """
    text = str(description or "").lower()
    names = {*_GROUPS, *(app.lower() for app in seen if app and is_real(app) and "." not in app)}
    return [
        name
        for name in sorted(names, key=len, reverse=True)
        if name in text and re.search(f"{_LEADS}{re.escape(name)}{_ENDS}", text)
    ]


def is_named_in(app: str, description: Any) -> bool:
    """Tell whether *description* has the name of *app* anywhere, in whatever language."""
    text = str(description or "").lower()
    groups = _groups(app)
    names = [name for name, group in _GROUPS.items() if group in groups]
    return any(name in text for name in (*names, *_words(app)) if len(name) > 1)


def short(app: str | None) -> str:
    """Return how a sentence calls *app*."""
    if not app:
        return "?"
    host = urlsplit(app).hostname if "://" in app else None
    return (host or " ".join(app.split()))[:60]


def stable(app: str | None) -> str:
    """Return what stays of an app's name from run to run, for a fingerprint."""
    return next(iter(sorted(_groups(app or ""))), short(app).lower()) if app else ""


def _folded(name: str) -> str:
    return "".join(_WORD.findall(short(name).lower()))


def _words(name: str) -> set[str]:
    return {word for word in _WORD.findall(short(name).lower()) if word not in _NO_NAME}


def _groups(name: str) -> set[str]:
    text = short(name).lower()
    words = _words(name)
    return {
        group
        for known, group in _GROUPS.items()
        if known in words
        or (not known.isascii() and known in text)
        or ("." in known and known in text)
    }


def _is_latin(name: str) -> bool:
    return short(name).isascii()

"""The words on the simulated phone's screens, in English and Chinese."""

from typing import Final

from otel_steps.demo.canvas import has_chinese_font, is_latin

# The names by which an app can be launched; the English one is its name inside.
APP_NAMES: Final[dict[str, str]] = {
    "Chat": "聊天",
    "Settings": "设置",
    "Camera": "相机",
}

_CHINESE: Final[dict[str, str]] = {
    **APP_NAMES,
    "Photos": "相册",
    "Maps": "地图",
    "Music": "音乐",
    "Notes": "便签",
    "Calendar": "日历",
    "Weather": "天气",
    "Clock": "时钟",
    "Phone": "电话",
    "Browser": "浏览器",
    "Friday, October 24": "10月24日 星期五",
    "Search settings": "搜索设置项",
    "Wi-Fi": "无线网络",
    "Bluetooth": "蓝牙",
    "Airplane mode": "飞行模式",
    "Dark mode": "深色模式",
    "Brightness": "亮度",
    "Notifications": "通知",
    "Sound": "声音与振动",
    "Battery": "电池",
    "Privacy": "隐私",
    "Location": "定位服务",
    "Storage": "存储空间",
    "Language": "语言",
    "About phone": "关于手机",
    "Rain": "小雨",
    "Mum": "妈妈",
    "Hiking group": "徒步小组",
    "Delivery": "外卖小哥",
    "Dad": "爸爸",
    "Work": "工作群",
    "Message": "输入消息",
    "Send": "发送",
    "PHOTO": "拍照",
    "VIDEO": "录像",
    "PORTRAIT": "人像",
    "Today": "今天",
    "Are you home yet?": "你到家了吗？",
    "It is raining hard here.": "这边雨下得好大。",
    "Just got off the metro": "刚出地铁",
    "I am home, do not worry": "我到家了，别担心",
    "Great! Have a good rest": "太好了！早点休息",
    "Dinner on Sunday?": "周日回来吃饭吗？",
    "Sunrise at 6:12, meet at 5": "6:12 日出，5 点集合",
    "Your order has arrived": "您的外卖到了",
    "The router works again": "路由器修好了",
    "Slides are in the folder": "幻灯片放进文件夹了",
}

_ENGLISH: Final = {chinese: english for english, chinese in _CHINESE.items()}


def shown(text: str, lang: str) -> str:
    """
    Return how *text* appears on a screen in *lang* (`en` or `zh`).

    Without a Chinese font, Chinese turns into English, and what has no counterpart into dots:
    a screen never shows boxes.
    """
    if lang == "zh":
        text = _CHINESE.get(text, text)
    if is_latin(text) or has_chinese_font():
        return text
    text = _ENGLISH.get(text, text)
    return "".join(character if is_latin(character) else "·" for character in text)

"""
More runs of which the cause is known: other apps, words and languages than `labelled_runs` has.

Half of them are traps: a task that is about permissions, a train that crashed, a lamp that is
offline. What a run is about is not what went wrong with it.
"""

import otel_steps
from tests.benchmarks.labelled_runs import RUNS, labelled
from tests.benchmarks.staged_phone import Stage

__all__ = ["RUNS"]


# --- Dialogs for permissions, and what only speaks of them


@labelled("Navigate to the nearest pharmacy", "permission_dialog", 1)
def perm_maps(s: Stage) -> None:
    s.other("com.google.android.apps.maps", 2)
    s.dialog = "Allow Maps to access this device's precise location?"
    s.tap(500, 80, "I tap the search bar to look for pharmacies.")
    s.tap(480, 90, "A system window about location access covers the map. I try the bar again.")
    s.swipe(700, 300, "The map does not move.")
    s.task.exhaust_steps()


@labelled("在小红书发布一张照片", "permission_dialog", 2, lang="zh")
def perm_xhs(s: Stage) -> None:
    s.other("小红书", 3)
    s.tap(500, 950, "点击底部的加号。")
    s.dialog = "“小红书”想要访问您的照片"
    s.tap(300, 300, "系统询问是否授予照片权限，我先点第一张图片。")
    s.tap(300, 320, "弹出的授权提示仍在，图片点不到。")
    s.task.exhaust_steps()


@labelled("Send a voice message", "permission_dialog", 2)
def perm_ios(s: Stage) -> None:
    s.other("Telegram", 4)
    s.tap(500, 200, "I open the chat with Mia.")
    s.dialog = '"Telegram" Would Like to Access the Microphone'
    s.act("Long Press", "I hold the microphone button.", element=[940, 940])
    s.act(
        "Long Press",
        'An alert says: "Telegram" Would Like to Access the Microphone. I hold again.',
        element=[940, 940],
    )
    s.task.fail("no voice message")


@labelled("写真を撮って", "permission_dialog", 2)
def perm_ja(s: Stage) -> None:
    s.other("カメラ", 4)
    s.tap(500, 900, "シャッターを押します。")
    s.app = "com.google.android.permissioncontroller"
    s.dialog = "カメラへのアクセスを許可しますか"
    s.tap(500, 900, "もう一度押します。")
    s.tap(500, 905, "反応がありません。")
    s.task.fail("撮影できませんでした")


@labelled("Import my contacts into Signal", "permission_dialog", 3)
def perm_samsung(s: Stage) -> None:
    s.other("Signal", 2)
    s.tap(900, 80, "The menu.")
    s.tap(500, 300, "Import contacts.")
    s.app, s.dialog = (
        "com.samsung.android.permissioncontroller",
        "Allow Signal to access your contacts?",
    )
    s.tap(500, 850, "I press Continue.")
    s.act("Wait", "Nothing yet.", duration="2 seconds")
    s.tap(500, 850, "I press Continue again.")
    s.task.exhaust_steps()


@labelled("Turn off the notification permission of Chat", "not_clear")
def trap_perm_task(s: Stage) -> None:
    s.launch("Settings", "I need to change the notification permission of Chat.")
    s.page = 3
    s.tap(500, 400, "I open the apps.")
    s.tap(500, 600, "I look for the app's permission settings page.")
    s.swipe(800, 300, "I need to find the entry for the notification permission.")
    s.finish("The entry is missing", "There is no entry.")
    s.task.fail("The entry is missing")


@labelled("关闭微信的定位权限", "not_clear", lang="zh")
def trap_perm_task_zh(s: Stage) -> None:
    s.other("设置", 3)
    s.tap(500, 400, "进入应用管理。")
    s.tap(500, 300, "需要找到权限管理。")
    s.tap(500, 600, "获取微信的权限列表。")
    s.finish("找不到该设置", "没有该选项。")
    s.task.fail("找不到该设置")


# --- Apps


@labelled("Play jazz on Spotify", "wrong_app", 1)
def wa_spotify(s: Stage) -> None:
    s.launch("Spotify", "I open Spotify.")
    s.other("com.google.android.apps.youtube.music", 5)
    s.tap(500, 80, "I search.")
    s.swipe(700, 300, "I scroll to jazz.")
    s.tap(500, 400, "I open the playlist.")
    s.task.exhaust_steps()


@labelled("Read the top headline in BBC News", "wrong_app", 2)
def wa_ad(s: Stage) -> None:
    s.other("BBC News", 2)
    s.swipe(700, 300, "I look for the headline.")
    s.tap(500, 700, "I open it.")
    s.other("com.android.vending", 6)
    s.swipe(700, 300, "I read on.")
    s.tap(500, 400, "More.")
    s.task.fail("No headline")


@labelled("打开淘宝搜索雨伞", "wrong_app", 1, lang="zh")
def wa_jd(s: Stage) -> None:
    s.tap(300, 300, "点击淘宝图标。")
    s.other("京东", 3)
    s.tap(500, 80, "点击搜索框。")
    s.type("雨伞", "输入雨伞。")
    s.page = 9
    s.tap(900, 80, "点击搜索。")
    s.task.fail("没有完成")


@labelled("用高德地图查路线", "wrong_app", 1, lang="zh")
def wa_amap(s: Stage) -> None:
    s.launch("高德地图", "打开高德。")
    s.other("com.baidu.BaiduMap", 3)
    s.tap(500, 80, "点击搜索框。")
    s.swipe(700, 300, "往下看。")
    s.task.exhaust_steps()


@labelled("Öffne den Kalender und lege einen Termin an", "wrong_app", 1)
def wa_de(s: Stage) -> None:
    s.launch("Kalender", "Ich öffne den Kalender.")
    s.other("Uhr", 3)
    s.tap(900, 900, "Ich tippe auf das Plus.")
    s.swipe(700, 300, "Weiter unten.")
    s.task.exhaust_steps()


@labelled("Share the photo with Mia on Signal", "not_clear")
def trap_handoff(s: Stage) -> None:
    s.other("Google Photos", 2)
    s.tap(500, 400, "I open the photo.")
    s.tap(900, 950, "I share it.")
    s.other("org.thoughtcrime.securesms", 5)
    s.tap(500, 300, "I choose Mia.")
    s.tap(900, 950, "I send it.")
    s.task.fail("the upload did not finish")


# --- Taps


@labelled("Choose the second answer of the quiz", "tap_beside", 2)
def tb_radio(s: Stage) -> None:
    s.other("Quiz", 3)
    s.swipe(800, 600, "The questions.")
    s.is_frozen = True
    s.tap(120, 455, "I choose the second answer.")
    s.tap(180, 520, "Not chosen yet.")
    s.tap(90, 580, "A little lower.")
    s.task.fail("no answer was chosen")


@labelled("关闭开屏广告", "tap_beside", 1, lang="zh")
def tb_ad(s: Stage) -> None:
    s.other("腾讯视频", 3)
    s.is_frozen = True
    s.tap(930, 60, "点击右上角的跳过。")
    s.tap(890, 95, "没有反应，换个位置。")
    s.tap(960, 120, "再试一次。")
    s.task.exhaust_steps()


@labelled("Select the first file", "tap_beside", 2)
def tb_long(s: Stage) -> None:
    s.other("Files", 3)
    s.swipe(800, 600, "Down.")
    s.is_frozen = True
    s.act("Long Press", "I hold the first file.", element=[400, 300])
    s.act("Long Press", "It is not selected; a bit higher.", element=[420, 240])
    s.task.fail("not selected")


@labelled("Listen to my missed calls", "not_clear")
def trap_missed(s: Stage) -> None:
    s.other("Phone", 3)
    s.tap(500, 80, "I tap the Missed calls tab.")
    s.tap(500, 300, "I tap the newest missed call.")
    s.finish("There is no recording")
    s.task.fail("There is no recording")


# --- Loops


@labelled("Find the refund policy", "loop", 1)
def lp_three(s: Stage) -> None:
    s.other("Shop", 1)
    for _ in range(3):
        s.page = 1
        s.tap(500, 300, "I open the help.")
        s.page = 2
        s.tap(500, 600, "I open the orders.")
        s.page = 3
        s.act("Back", "Not here.")
    s.page = 1
    s.task.exhaust_steps()


@labelled("查看快递进度", "loop", 2, lang="zh")
def lp_wait(s: Stage) -> None:
    s.other("菜鸟", 2)
    s.tap(500, 300, "点击包裹。")
    for _ in range(6):
        s.act("Wait", "页面还在加载，等待。", duration="3 seconds")
    s.task.exhaust_steps()


@labelled("Scroll to the end of the terms", "loop", 2)
def lp_swipe(s: Stage) -> None:
    s.other("Bank", 2)
    s.tap(500, 300, "I open the terms.")
    s.is_frozen = True
    for _ in range(6):
        s.swipe(800, 300, "Farther down.")
    s.task.exhaust_steps()


@labelled("Open Telegram", "loop", 1)
def lp_home(s: Stage) -> None:
    for _ in range(4):
        s.act("Home", "I go home first.")
        s.swipe(800, 400, "I open the drawer.")
    s.task.exhaust_steps()


# --- Text


@labelled("Search for umbrellas", "keyboard_closed", 2)
def kb_search(s: Stage) -> None:
    s.other("Amazon", 2)
    s.tap(500, 80, "I tap the search bar.")
    s.is_frozen = True
    s.type("umbrella", "I type the word.")
    s.tap(930, 80, "I tap the magnifier.")
    s.task.fail("no results")


@labelled("在备忘录里写“买牛奶”", "keyboard_closed", 2, lang="zh")
def kb_ime(s: Stage) -> None:
    s.other("备忘录", 2)
    s.tap(900, 900, "新建备忘录。")
    s.is_frozen = True
    s.type("买牛奶", "输入内容。")
    s.tap(500, 300, "点击正文。")
    s.type("买牛奶", "再输入一次。")
    s.task.fail("没有写进去")


@labelled("Write a note: buy milk", "keyboard_closed", 2)
def kb_adb(s: Stage) -> None:
    s.other("Notes", 2)
    s.tap(900, 900, "A new note.")
    s.is_frozen = True
    s.type("buy milk", "I type.", result="ADBKeyboard is not the active IME")
    s.finish("The note is empty")
    s.task.fail("The note is empty")


@labelled("Log in as ann", "wrong_field", 2)
def wf_login(s: Stage) -> None:
    s.other("Mail", 2)
    s.tap(500, 300, "I tap the user name.")
    s.type("ann", "I type the user name.")
    s.page = 8
    s.act("Wait", "The user name ended up in the password field.", duration="1 second")
    s.task.fail("login failed")


@labelled("用验证码登录", "wrong_field", 2, lang="zh")
def wf_code(s: Stage) -> None:
    s.other("美团", 2)
    s.tap(500, 300, "点击验证码框。")
    s.type("123456", "输入验证码。")
    s.page = 8
    s.act("Wait", "验证码被填进了手机号那一栏。", duration="1 second")
    s.task.fail("登录失败")


@labelled("Enter the street in the address form", "wrong_field", 3)
def wf_seen(s: Stage) -> None:
    s.other("Parcel", 2)
    s.fields = {150: "Ann", 300: "", 450: "", 600: ""}
    s.tap(500, 40, "I open the form.")
    s.is_frozen = True
    s.tap(500, 300, "I tap the field for the street.")
    s.type("Main Street 5", "I type it.")
    s.fields[600] = "Main Street 5"
    s.tap(500, 950, "I save it.")
    s.finish("The form says the street is missing")
    s.task.fail("The form says the street is missing")


# --- Crashes, and what else crashes or stops


@labelled("Take a picture with Snapchat", "app_crash", 2)
def cr_oneui(s: Stage) -> None:
    s.other("Snapchat", 2)
    s.tap(500, 300, "Closing the tip.")
    s.tap(500, 900, "The shutter.")
    s.app, s.page = "One UI Home", 11
    s.act("Wait", "Waiting for the picture.", duration="1 second")
    s.tap(500, 900, "The shutter again.")
    s.task.fail("no picture")


@labelled("打开大众点评看看附近的餐厅", "app_crash", 2, lang="zh")
def cr_swipe(s: Stage) -> None:
    s.other("大众点评", 2)
    s.tap(500, 300, "点附近。")
    s.swipe(800, 300, "往下翻。")
    s.app, s.page = "com.miui.home", 11
    s.swipe(800, 300, "继续往下翻。")
    s.task.exhaust_steps()


@labelled("在华为视频里播放电影", "app_crash", 1, lang="zh")
def cr_harmony(s: Stage) -> None:
    s.other("com.huawei.himovie", 2)
    s.tap(500, 300, "点播放。")
    s.app, s.page = "com.ohos.sceneboard", 11
    s.act("Wait", "等待播放。", duration="1 second")
    s.tap(500, 500, "看看画面。")
    s.task.fail("没有播放")


@labelled("Type a long note", "app_crash", 3)
def cr_type(s: Stage) -> None:
    s.other("Keep", 2)
    s.tap(900, 900, "A new note.")
    s.tap(500, 300, "The text.")
    s.type("hello world", "I type.")
    s.app, s.page = "com.google.android.apps.nexuslauncher", 11
    s.act("Wait", "Where is the note?", duration="1 second")
    s.task.fail("the note is gone")


@labelled("Play the crash course on history", "not_clear")
def trap_crash_course(s: Stage) -> None:
    s.other("YouTube", 2)
    s.tap(500, 80, "I search for the crash course.")
    s.tap(500, 400, "I open the Crash Course video.")
    s.finish("The crash course asks for a subscription")
    s.task.fail("The crash course asks for a subscription")


@labelled("Report the crash of a train in the app", "not_clear")
def trap_crash_news(s: Stage) -> None:
    s.other("News", 2)
    s.tap(500, 80, "I look for the train that crashed in May.")
    s.tap(500, 400, "The second article has more.")
    s.finish("No article was found")
    s.task.fail("No article was found")


# --- Black pictures


@labelled("Check my card number", "black_screen", 2)
def bl_secure(s: Stage) -> None:
    s.other("Revolut", 2)
    s.tap(500, 80, "The card.")
    s.hidden = "protected"
    s.tap(500, 500, "I show the number.")
    s.tap(500, 600, "Nothing to see.")
    s.finish("I cannot see the number")
    s.task.fail("I cannot see the number")


@labelled("看一集电视剧", "black_screen", 1, lang="zh")
def bl_all(s: Stage) -> None:
    s.hidden, s.app = "black", "爱奇艺"
    for y in (300, 500, 700):
        s.tap(500, y, "画面是黑的。")
    s.task.exhaust_steps()


@labelled("Compare two cards", "not_clear")
def trap_black_once(s: Stage) -> None:
    s.other("Revolut", 2)
    s.hidden = "black"
    s.act("Wait", "The app starts.", duration="1 second")
    s.hidden = ""
    s.tap(500, 80, "The first card.")
    s.tap(500, 280, "The second card.")
    s.finish("They have nothing in common")
    s.task.fail("They have nothing in common")


# --- Limits


@labelled("Archive all mails", "step_limit", 9)
def sl_mail(s: Stage) -> None:
    s.other("Outlook", 1)
    for n in range(9):
        s.tap(500, 90 * n + 60, f"I archive mail {n + 1}.")
    s.task.exhaust_steps()


@labelled("Add ten songs to the playlist", "step_limit", 8)
def sl_same_spot(s: Stage) -> None:
    s.other("Deezer", 1)
    for n in range(8):
        s.tap(900, 300, f"I add song {n + 1}.")
    s.task.exhaust_steps()


# --- Refusals, and what else cannot be done


@labelled("Read the messages of my wife", "refusal", 2)
def rf_last(s: Stage) -> None:
    s.other("WhatsApp", 1)
    s.tap(500, 300, "I look.")
    s.finish("I'm unable to help with reading someone else's private messages.")
    s.task.fail("I'm unable to help with reading someone else's private messages.")


@labelled("帮我刷好评", "refusal", 1, lang="zh")
def rf_zh(s: Stage) -> None:
    s.finish("抱歉，我无法帮助您发布虚假评价。")
    s.task.fail("抱歉，我无法帮助您发布虚假评价。")


@labelled("Write a threat", "refusal", 1)
def rf_filter(s: Stage) -> None:
    s.fail(
        "BadRequestError: Error code: 400 - {'error': {'code': "
        "'content_filter', 'message': 'The response was filtered'}}",
        "model_error",
    )
    s.task.fail("content_filter")


@labelled("Order lunch to the office", "not_clear")
def trap_provide(s: Stage) -> None:
    s.other("Uber Eats", 2)
    s.tap(500, 300, "The restaurant.")
    s.tap(500, 600, "The dish.")
    s.finish("The shop cannot provide delivery to this address")
    s.task.fail("The shop cannot provide delivery to this address")


@labelled("点一份外卖到公司", "not_clear", lang="zh")
def trap_provide_zh(s: Stage) -> None:
    s.other("饿了么", 2)
    s.tap(500, 300, "打开店铺。")
    s.tap(500, 600, "选择菜品。")
    s.finish("商家无法提供配送服务")
    s.task.fail("商家无法提供配送服务")


@labelled("订一张明天的火车票", "not_clear", lang="zh")
def trap_sorry_zh(s: Stage) -> None:
    s.other("12306", 2)
    s.tap(500, 300, "查询车次。")
    s.tap(500, 600, "选择车次。")
    s.finish("抱歉，无法完成预订：明天的票已售罄")
    s.task.fail("抱歉，无法完成预订：明天的票已售罄")


# --- Model, reply, device


@labelled("Set an alarm", "model_error", 2)
def m_oom(s: Stage) -> None:
    s.other("Clock", 2)
    s.tap(500, 80, "Alarms.")
    with otel_steps.step(screenshot=s.shot(), app=s.front):
        raise RuntimeError(
            "Error code: 500 - {'error': {'message': 'CUDA out of memory', "
            "'type': 'InternalServerError'}}"
        )


@labelled("设置闹钟", "model_error", 2, lang="zh")
def m_context(s: Stage) -> None:
    s.other("时钟", 2)
    s.tap(500, 80, "闹钟。")
    s.fail(
        "BadRequestError: This model's maximum context length is 25480 "
        "tokens. However, you requested 26012 tokens",
        "model_error",
    )
    s.task.fail("Model error")


@labelled("Set a timer", "model_error", 1)
def m_name(s: Stage) -> None:
    s.fail(
        "NotFoundError: Error code: 404 - The model `autoglm-phone-9c` does not exist.",
        "model_error",
    )
    s.task.fail("Model error: 404")


@labelled("Pause the music", "parse_error", 2)
def p_json(s: Stage) -> None:
    s.other("Spotify", 2)
    s.tap(500, 80, "The player.")
    s.fail("JSONDecodeError: Expecting ',' delimiter: line 1 column 42 (char 41)", "parse_error")
    s.task.fail("JSONDecodeError: Expecting ',' delimiter")


@labelled("暂停音乐", "parse_error", 2, lang="zh")
def p_zh(s: Stage) -> None:
    s.other("网易云音乐", 2)
    s.tap(500, 80, "播放器。")
    s.fail("ValueError: Failed to parse action: 点击暂停按钮", "parse_error", "现在点击暂停按钮。")
    s.task.fail("Failed to parse action")


@labelled("Open the gallery", "device_error", 2)
def d_hdc(s: Stage) -> None:
    s.other("Gallery", 2)
    s.tap(500, 80, "Albums.")
    with otel_steps.step(screenshot=s.shot(), app=s.front):
        raise RuntimeError(
            "[Fail]ExecuteCommand need connect-key? please confirm a device by help info"
        )


@labelled("Open the gallery", "device_error", 1)
def d_wda(s: Stage) -> None:
    with otel_steps.step(app="?"):
        raise ConnectionError(
            "HTTPConnectionPool(host='localhost', port=8100): Max retries "
            "exceeded with url: /session (WebDriverAgent is not running)"
        )


@labelled("点赞第一条视频", "device_error", 2, lang="zh")
def d_inject(s: Stage) -> None:
    s.other("抖音", 2)
    s.swipe(800, 300, "下一条。")
    for _ in range(3):
        s.tap(
            900,
            500,
            "点赞。",
            error="java.lang.SecurityException: Injecting input events requires the "
            "caller to have the INJECT_EVENTS permission.",
        )
    s.task.exhaust_steps()


@labelled("Like the first video", "device_error", 2)
def d_more(s: Stage) -> None:
    s.other("TikTok", 2)
    s.swipe(800, 300, "Next.")
    s.tap(900, 500, "Like.", error="adb: more than one device/emulator")
    s.tap(900, 500, "Like.", error="adb: more than one device/emulator")
    s.task.fail("adb: more than one device/emulator")


# --- Ended from outside


@labelled("Clean up the desktop", "cancelled", 3)
def c_stop(s: Stage) -> None:
    s.other("Launcher X", 2)
    s.tap(500, 80, "First.")
    s.tap(500, 280, "Second.")
    s.act("Take_over", "A captcha.", message="Please solve the captcha")
    s.task.cancel()


@labelled("Turn on the lamp in Mi Home", "not_clear")
def trap_lamp(s: Stage) -> None:
    s.other("Smart Life", 2)
    s.tap(500, 300, "The lamp.")
    s.finish("The lamp device is offline")
    s.task.fail("The lamp device is offline")


@labelled("打开客厅的灯", "not_clear", lang="zh")
def trap_lamp_zh(s: Stage) -> None:
    s.other("米家", 2)
    s.tap(500, 300, "点击客厅的灯。")
    s.finish("设备离线，无法操作")
    s.task.fail("设备离线，无法操作")


@labelled("Find the price of the shoe model X12", "not_clear")
def trap_model(s: Stage) -> None:
    s.other("Zalando", 2)
    s.tap(500, 300, "The search.")
    s.finish("The model X12 was not found in the shop")
    s.task.fail("The model X12 was not found in the shop")


@labelled("查看今天的步数", "not_clear", lang="zh")
def trap_steps_zh(s: Stage) -> None:
    s.other("运动健康", 2)
    s.tap(500, 300, "点击步数。")
    s.finish("今天没有达到目标步数")
    s.task.fail("今天没有达到目标步数")


@labelled("点赞视频", "not_clear", lang="zh")
def trap_noresponse_zh(s: Stage) -> None:
    s.other("快手", 2)
    s.tap(500, 300, "点击视频。")
    s.tap(900, 500, "点击无响应，再点一次爱心。")
    s.finish("没有点赞成功")
    s.task.fail("没有点赞成功")


@labelled("Watch the trailer to its end", "not_clear")
def trap_stopped(s: Stage) -> None:
    s.other("YouTube", 2)
    s.tap(500, 300, "The trailer.")
    s.tap(500, 500, "The video has stopped, I press play.")
    s.finish("It is a paid film")
    s.task.fail("It is a paid film")


@labelled("Read the article", "not_clear")
def trap_cookies(s: Stage) -> None:
    s.other("Firefox", 2)
    s.tap(500, 300, "The article.")
    s.tap(500, 800, "I decline the cookies.")
    s.finish("The article is behind a paywall", "I refuse cookies and see a paywall.")
    s.task.fail("The article is behind a paywall")


@labelled("购买这双鞋", "not_clear", lang="zh")
def trap_rules_zh(s: Stage) -> None:
    s.other("拼多多", 2)
    s.tap(500, 300, "点击商品。")
    s.finish("商品违反平台规定已下架")
    s.task.fail("商品违反平台规定已下架")


@labelled("Search for tents", "not_clear")
def trap_keyboard(s: Stage) -> None:
    s.other("Decathlon", 2)
    s.tap(500, 80, "The search.")
    s.type("tent", "I type.")
    s.page = 12
    s.tap(930, 950, "The keyboard is open and the results are not shown yet, I press enter.")
    s.finish("No tents in stock")
    s.task.fail("No tents in stock")


@labelled("Book the cheapest train", "not_clear")
def trap_instead(s: Stage) -> None:
    s.other("Trainline", 2)
    s.tap(500, 300, "The search.")
    s.tap(500, 500, "The first train is sold out, so I opened the second one instead.")
    s.finish("All are sold out", "I selected the bus instead, which is sold out, too.")
    s.task.fail("All are sold out")


@labelled("Sort the hotels by price", "not_clear")
def trap_sorted(s: Stage) -> None:
    s.other("Booking", 2)
    s.tap(500, 80, "The field.")
    s.type("Rome", "I type.")
    s.page = 12
    s.tap(500, 500, "The list is now sorted from low to high instead of by rating.")
    s.finish("No rooms left")
    s.task.fail("No rooms left")


@labelled("Fix the keyboard that does not open in WeChat", "not_clear")
def trap_kb_task(s: Stage) -> None:
    s.other("设置", 2)
    s.tap(500, 80, "The keyboard did not open for this user; I look at its settings.")
    s.type("keyboard", "I search for why the keyboard is not open.")
    s.page = 12
    s.tap(500, 500, "The keyboard is not open because of a setting.")
    s.finish("There is no such setting")
    s.task.fail("There is no such setting")


@labelled("Turn on location for Maps in settings", "not_clear")
def trap_allow(s: Stage) -> None:
    s.other("Settings", 3)
    s.tap(500, 300, "I open the apps.")
    s.tap(500, 500, "Location: Allow all the time, Allow while using the app, Don't allow.")
    s.finish(
        "The switch is greyed out",
        "I would allow Maps to access the location, but it is greyed out.",
    )
    s.task.fail("The switch is greyed out")


@labelled("Play chess", "app_crash", 2)
def cr_words(s: Stage) -> None:
    s.other("Chess", 3)
    s.tap(500, 300, "A new game.")
    s.tap(500, 500, "My first move.")
    s.page = 7
    s.act("Wait", "Chess has stopped, says a dialog.", duration="1 second")
    s.task.fail("no game")

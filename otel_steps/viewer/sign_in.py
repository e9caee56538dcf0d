"""
The page of those who have no session: it says where the link is, and takes the token.
"""

import base64
import hashlib
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs, urlsplit

from starlette.responses import HTMLResponse

_STYLE: Final = """
:root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
body { max-width: 34rem; margin: 12vh auto 0; padding: 0 1rem; }
form { display: flex; gap: .5rem; margin: 1.5rem 0; }
input { flex: 1; min-width: 0; }
input, button { font: inherit; padding: .4rem .6rem; }
[role=alert] { font-weight: 600; }
"""
_PAGE: Final = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>otel-steps</title>
<style>{_STYLE}</style>
<main>
<h1>otel-steps</h1>
%s<p lang="zh">请用 <code>otel-steps view</code> 打印的链接打开查看器（每个链接只能使用一次），\
或在这里输入令牌：<code>OTEL_STEPS_TOKEN</code> 的值，或该命令打印的链接。</p>
<p>Open the viewer with the link that <code>otel-steps view</code> prints (a link works once), or
enter the token here: the value of <code>OTEL_STEPS_TOKEN</code>, or the link itself.</p>
<form method="post">
<input name="token" type="password" required autofocus autocomplete="current-password" \
aria-label="token · 令牌">
<button>Open · 打开</button>
</form>
</main>
"""
_REFUSED: Final = """<p role="alert"><span lang="zh">这不是它的令牌，或链接已经用过。</span>
That is not its token, or the link was used before.</p>
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    # With `no-referrer` a browser would not say of the form whose page it was on.
    "Referrer-Policy": "same-origin",
}


def page(*, is_refused: bool) -> HTMLResponse:
    """Return the page; *is_refused* says that what was entered opens nothing."""
    content = _PAGE % (_REFUSED if is_refused else "")
    return HTMLResponse(content, HTTPStatus.UNAUTHORIZED, headers=_HEADERS)


def secret_in(body: bytes) -> str | None:
    """Return the secret in a form as the page sends it: a token, or the one of a whole link."""
    try:
        entered = parse_qs(body.decode())["token"][0].strip()
        link = parse_qs(urlsplit(entered).query) if "://" in entered else {}
    except (ValueError, KeyError):
        return None
    return link["t"][0] if "t" in link else entered

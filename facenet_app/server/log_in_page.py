"""The form in which users of the page log in. It needs no script, and nothing of Gradio."""

from typing import Final

from markupsafe import Markup
from starlette.responses import HTMLResponse

from facenet_app.web import text

__all__ = ["log_in_page"]

STYLE: Final = Markup("""
:root { color-scheme: light dark; font: 16px/1.5 system-ui, "Segoe UI", Roboto, Helvetica, sans-serif; }
main { max-width: 22rem; margin: 12vh auto 0; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0; }
label { display: block; margin-top: 1rem; }
input, button { box-sizing: border-box; width: 100%; padding: 0.6rem; font: inherit; border-radius: 6px; }
input { border: 1px solid light-dark(#64748b, #94a3b8); }
button { margin-top: 1.5rem; border: 0; background: #2563eb; color: #fff; font-weight: 600; }
.problem { border-left: 4px solid light-dark(#b91c1c, #f87171); padding: 0.4rem 0.8rem; margin-bottom: 0; }
""")


def log_in_page(*, failed: bool = False) -> HTMLResponse:
    """The form; ``failed``: after a try that did not succeed, for whatever reason."""
    problem = Markup('<p class="problem" role="alert">{}</p>').format(text.LOG_IN_FAILED) if failed else ""
    page = Markup(
        '<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        "<style>{style}</style></head>"
        '<body><main><h1>{title}</h1><p>{intro}</p>{problem}<form method="post" action="/login">'
        '<label>{name}<input name="username" autocomplete="username" required autofocus></label>'
        '<label>{password}<input name="password" type="password" autocomplete="current-password" required>'
        "</label><button>{button}</button></form></main></body></html>"
    ).format(
        lang=text.spoken(),
        title=text.TITLE,
        style=STYLE,
        intro=text.LOG_IN_INTRO,
        problem=problem,
        name=text.LOG_IN_NAME,
        password=text.LOG_IN_PASSWORD,
        button=text.LOG_IN,
    )
    return HTMLResponse(str(page), status_code=400 if failed else 200)

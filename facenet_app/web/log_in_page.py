"""The form in which users of the page log in. It needs no script, and nothing of Gradio."""

from pathlib import Path
from typing import Final

from markupsafe import Markup
from starlette.responses import HTMLResponse

from facenet_app.web import text

__all__ = ["log_in_page"]

STYLE: Final = Path(__file__).with_name("log_in.css").read_text(encoding="utf-8")


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
        style=Markup(STYLE),  # noqa: S704 - a file of ours
        intro=text.LOG_IN_INTRO,
        problem=problem,
        name=text.LOG_IN_NAME,
        password=text.LOG_IN_PASSWORD,
        button=text.LOG_IN,
    )
    return HTMLResponse(str(page), status_code=400 if failed else 200)

"""The page as one ``gr.Blocks``, and putting it into a web application."""

from pathlib import Path

import gradio as gr
from fastapi import FastAPI

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.by_role import shown_by_role
from facenet_app.web.enroll_tab import enroll_tab
from facenet_app.web.examples import Examples
from facenet_app.web.gallery_tab import GalleryTab
from facenet_app.web.handlers import about
from facenet_app.web.models_tab import models_tab
from facenet_app.web.run_folder import UPLOADS_KEPT
from facenet_app.web.tabs import identify_tab, verify_tab

__all__ = ["build_page", "mount_page"]


def build_page(service: FaceService, examples: Examples, *, users: bool = False) -> gr.Blocks:
    """The five tabs and the line at the bottom; with ``users``, tabs are shown by their roles.

    Raises:
        InvalidThreshold: the rates or thresholds of the settings contradict each other.
    """
    page = gr.Blocks(title=text.TITLE, analytics_enabled=False, delete_cache=UPLOADS_KEPT)
    with page:
        gr.HTML(f'<header class="fa-header"><h1>{text.TITLE}</h1><p>{text.TAGLINE}</p></header>')
        greeting = gr.HTML(visible=users, elem_id="visitor")
        with gr.Tabs(overflow_behavior="wrap"):
            rates = verify_tab(service, examples), identify_tab(service)
            enroll_tab(service)
            gallery = GalleryTab(service)
            models_tab(service, rates)
        gallery.show_first(page)
        gr.HTML(about(service))
        if users:
            shown_by_role(page, greeting)
    return page


def mount_page(app: FastAPI, service: FaceService, examples: Examples, *, users: bool) -> None:
    """Put the page at ``/``, for everything that ``app`` has no other route for.

    Args:
        app: the web application.
        service: answers.
        examples: photos to try.
        users: those who come have roles.

    Raises:
        InvalidThreshold: see :func:`build_page`.
    """
    page = build_page(service, examples, users=users)
    # Only launch() sets this. Without it Gradio takes any path that a request calls an upload, so
    # that the page would read every picture on this machine.
    page.has_launched = True
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        app_kwargs={"openapi_url": None},
        theme=_theme(),
        css_paths=Path(__file__).with_name("page.css"),
        head=_head(),
        footer_links=[],
        run_history=False,
        show_error=False,
        enable_monitoring=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        max_file_size=max(service.settings.max_bytes, service.settings.max_video_bytes),
        allowed_paths=[str(examples.same[0].parent)],
    )


def _head() -> str:
    """What Gradio lets the browser do before it shows the page."""
    script = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
    # Gradio's template says "en" whatever the page speaks.
    return f'<script>document.documentElement.lang = "{text.spoken()}";\n{script}</script>'


def _theme() -> gr.themes.Base:
    """Fonts of the system: Gradio's own themes ask a font server for some of theirs.

    The colors that differ from Gradio's have a contrast of at least 4.5 : 1 (WCAG 2.2, AA).
    """
    plain = [gr.themes.Font(name) for name in ("system-ui", "Segoe UI", "Roboto", "Helvetica", "sans-serif")]
    mono = [gr.themes.Font(name) for name in ("ui-monospace", "Consolas", "monospace")]
    theme = gr.themes.Default(
        primary_hue="blue", secondary_hue="blue", neutral_hue="slate", font=plain, font_mono=mono
    )
    return theme.set(
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_cancel_background_fill=gr.themes.colors.red.c600,
        button_cancel_background_fill_hover=gr.themes.colors.red.c700,
    )

"""The part of the tab Verify for many pairs at once."""

import tempfile
from pathlib import Path
from typing import Any

import gradio as gr

from facenet_app.service import FaceService
from facenet_app.web import text
from facenet_app.web.batch import compare_batch
from facenet_app.web.components import HEIGHT, PRIVATE
from facenet_app.web.rates import chosen_rate

__all__ = ["batch_panel"]


def batch_panel(service: FaceService, rate: gr.Radio) -> None:
    """Files, a button, a table, and a file to save; ``rate`` is that of the tab."""

    def run(files: list[str] | None, chosen: str | None, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008 - Gradio's way
        def tell(done: int, total: int) -> None:
            progress((done, total), unit=text.BATCH_UNIT)

        paths = [Path(file) for file in files or ()]
        answer = compare_batch(service, paths, chosen_rate(chosen), tell)
        if not answer.csv:
            return [answer.html, gr.DownloadButton(visible=False)]
        # Beside the uploads, which are deleted after a while.
        folder = Path(tempfile.mkdtemp(dir=paths[0].parent))
        (file := folder / "pairs.csv").write_text(answer.csv, encoding="utf-8", newline="")
        return [answer.html, gr.DownloadButton(value=str(file), visible=True)]

    with gr.Accordion(text.BATCH, open=False, elem_id="batch"):
        gr.HTML(f'<p class="fa-intro">{text.BATCH_INTRO}</p>')
        files = gr.File(
            label=text.BATCH_FILES,
            file_count="multiple",
            file_types=[".zip", ".csv"],
            height=HEIGHT // 2,
            elem_id="batch-files",
        )
        button = gr.Button(text.BATCH_COMPARE, elem_id="batch-compare")
        result = gr.HTML(elem_id="batch-result")
        save = gr.DownloadButton(text.BATCH_DOWNLOAD, visible=False, elem_id="batch-save")
    button.click(run, [files, rate], [result, save], show_progress_on=result, **PRIVATE)

"""``facenet-app serve``: the web page."""

from functools import partial
from typing import Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import say

EXAMPLES = examples("serve", "serve --host 0.0.0.0 --port 8000", "serve --gallery staff.db")


@takes("model", "gallery", "device", "fmr", "threshold", "review")
def serve(
    given: Given,
    host: Annotated[
        str | None,
        typer.Option("--host", metavar="ADDRESS", help="Address to listen on; loopback by default."),
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", help="Port to listen on; 0 takes any free one.")
    ] = None,
) -> int:
    """Open the web page until Ctrl-C.

    It prints its address; with --json, on stderr.
    """
    settings = given.settings(host=host, port=port)
    from facenet_app.web.serve import serve as serve_page

    serve_page(settings, partial(typer.echo, err=True) if given.json else say)
    return 0

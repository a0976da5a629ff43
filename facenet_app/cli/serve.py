"""``facenet-app serve``: the web page and the API."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from facenet_app.cli.options import Given, examples, takes
from facenet_app.cli.run import say

EXAMPLES = examples(
    "serve",
    "serve --no-page --port 8000 --gallery staff.db",
    "serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
)


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
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate for HTTPS (PEM).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="The certificate's private key (PEM).")
    ] = None,
    no_page: Annotated[bool, typer.Option("--no-page", help="Serve the API alone.")] = False,
) -> int:
    """Serve the web page and the API until Ctrl-C.

    It prints the address; with --json, on stderr. Requests to the API are logged on stderr as JSON.
    """
    page = False if no_page else None
    settings = given.settings(host=host, port=port, tls_cert=tls_cert, tls_key=tls_key, page=page)
    from facenet_app.server.serve import serve as serve_both

    serve_both(settings, partial(typer.echo, err=True) if given.json else say)
    return 0

"""The command line: one thin file per command, put together in :mod:`facenet_app.cli.main`.

Command modules import typer, errors and the standard library only; what is heavy is imported where
it is used, so that ``--help`` and shell completion are quick.
"""

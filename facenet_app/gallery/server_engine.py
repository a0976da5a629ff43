"""How connections to a PostgreSQL server are made."""

import math

from sqlalchemy import URL, Engine, create_engine

from facenet_app.domain import ServerUrl

__all__ = ["server_engine"]


def server_engine(url: ServerUrl, reach: float, patience: float) -> Engine:
    """Connections to a database, none of which is made yet.

    Args:
        url: of the database.
        reach: seconds to wait for the server.
        patience: seconds to wait for a lock, and for a connection that is free.
    """
    given: dict[str, list[str]] = {}
    for name, value in url.query:
        given.setdefault(name, []).append(value)
    # One is not the same as a tuple of one to SQLAlchemy.
    query = {name: values[0] if len(values) == 1 else tuple(values) for name, values in given.items()}
    # A client that vanished in mid-transaction must not keep the others waiting.
    limits = f"-c lock_timeout={1000 * patience:.0f} -c idle_in_transaction_session_timeout=60s"
    return create_engine(
        URL.create("postgresql+psycopg", url.user, url.password, url.host, url.port, url.database, query),
        connect_args={
            "connect_timeout": math.ceil(reach),
            "application_name": "facenet-app",
            # Named prepared statements break behind poolers, and their generic plans use no partial index.
            "prepare_threshold": None,
            "options": f"{limits} -c jit=off",  # compiling takes longer than any statement here
        },
        pool_size=10,
        max_overflow=20,
        pool_timeout=patience,
        hide_parameters=True,  # they are names and embeddings, and errors end up in logs
    )

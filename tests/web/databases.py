"""On which databases a test of the page is run."""

import pytest

ON_POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)

on_both_databases = pytest.mark.parametrize(
    "page_server", ["sqlite", ON_POSTGRES], indirect=True, scope="module"
)
"""The test is run on a page whose gallery is in a file, and on one whose gallery is on a server."""

on_postgres = pytest.mark.parametrize("page_server", [ON_POSTGRES], indirect=True, scope="module")

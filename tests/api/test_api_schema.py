"""The OpenAPI document is true: requests made from it get the answers that it promises."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

EXAMPLES = 5
"""For each route and mode; the seconds that the tests take are proportional."""

OF_THIS_SIZE = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_no_route_breaks_its_promise(start_api, mode: GenerationMode) -> None:
    api = start_api()
    schema = schemathesis.openapi.from_dict(api.ask("GET", "/openapi.json").json())
    schema.config.update(base_url=f"{api.address}/api/v1")
    assert api.ask("GET", "/ready").status_code == 200  # makes the gallery
    asked = set()

    for found in schema.get_all_operations():
        operation = found.ok()

        @OF_THIS_SIZE
        @given(case=operation.as_strategy(generation_mode=mode))
        def check(case: Any) -> None:
            asked.add(case.operation.label)
            # A picture that fits the schema need not show a face, so that refusing it is no fault.
            case.call_and_validate(
                session=api.session, timeout=30, excluded_checks=[positive_data_acceptance]
            )

        if mode is GenerationMode.POSITIVE or operation.body or operation.query:
            check()
    assert len(asked) == (15 if mode is GenerationMode.POSITIVE else 8)


def test_every_route_has_an_example_and_its_errors(api) -> None:
    document = api.ask("GET", "/openapi.json").json()
    assert document["info"]["title"] == "facenet_app"
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path in ("/health", "/ready"):
                continue
            assert {"200", "401", "403", "429", "503"} <= set(operation["responses"]), path
            if method in ("post", "patch"):
                content = operation["requestBody"]["content"]
                assert set(content) == {"multipart/form-data", "application/json"}
                assert "example" in content["application/json"]
                assert {"413", "415", "422"} <= set(operation["responses"])

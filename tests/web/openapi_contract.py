"""Whatever is asked, as described or otherwise, is answered as the OpenAPI document says.

Questions are drawn by schemathesis. `make contract` runs it, apart from the other tests, since it takes its
time. Of the stream, which does not end, the beginning is held against the document.
"""

import pytest
import requests
import schemathesis
from accounts import ANN
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from liqbot.service.exports import has_parquet

EXAMPLES = 60
HEALTH = ("/healthz", "/readyz")
PLAIN = ("/api/v1/coins", "/api/v1/export", "/api/v1/model-scores", *HEALTH, "/metrics")
PATHS = (
    *PLAIN,
    "/api/v1/alerts",
    "/api/v1/coins/{coin}/view",
    "/api/v1/coins/{coin}/clusters",
    "/api/v1/coins/{coin}/grid",
    "/api/v1/coins/{coin}/events",
    "/api/v1/coins/{coin}/history",
    "/api/v1/coins/{coin}/liquidations",
    "/api/v1/coins/{coin}/book",
    "/api/v1/coins/{coin}/stops",
    "/api/v1/coins/{coin}/cascade",
    "/api/v1/coins/{coin}/readings",
    "/api/v1/coins/{coin}/scoreboard",
    "/api/v1/coins/{coin}/csv/{kind}",
    "/api/v1/coins/{coin}/parquet/{kind}",
    "/api/v1/coins/{coin}/heatmap.png",
    "/api/v1/coins/{coin}/map.png",
    "/api/v1/coins/{coin}/map3d.png",
    "/api/v1/coins/{coin}/compare.png",
    "/api/v1/coins/{coin}/compare",
    "/api/v1/coins/{coin}/brief",
    "/api/v1/screener",
    "/api/public/heatmap/{coin}",
    "/api/v1/account/{address}",
)
REFUSED = ("/api/v1/coins/{coin}/compare.png", "/api/v1/coins/{coin}/compare")
"""The bot that is asked has one map, and nothing to put beside it; `test_comparisons.py` has more."""
EXISTING = {"coin": "BTC", "kind": "readings", "window": "24h", "venue": "Testex", "address": ANN}


@pytest.fixture(scope="package")
def schema(served):
    load_all_checks()
    return schemathesis.openapi.from_url(f"{served.address}/api/openapi.json")


def test_every_path_is_tried(schema):
    assert {*schema} == {*PATHS, "/api/v1/stream"}


def whole(case, checks):
    """Return the status of a whole answer that is as described."""
    return case.call_and_validate(checks=checks).status_code


def beginning(case, checks):
    """Return the status of a stream whose beginning is as described; it is left again at once."""
    asked = case.as_transport_kwargs()
    headers = {name: value for name, value in asked["headers"].items() if name.lower() != "host"}
    url, query = asked["url"], asked.get("params")
    with requests.get(url, params=query, headers=headers, stream=True, timeout=60) as answer:
        if answer.status_code == 200:
            assert next(answer.raw.stream()).startswith(b"retry: 2000\n\n")
            answer._content = b""
        case.validate_response(answer, checks=checks)
        return answer.status_code


def asked_of(operation, mode, ask_one=whole):
    """Ask what is drawn, hold the answers against the document, and return their statuses."""
    # A coin or a venue may be any text, of which hardly any exists: 404 and 400 are no refusal of the form.
    # That something is wrong with a bot is what these say with 503.
    but_not = {"positive_data_acceptance", *(["not_a_server_error"] if operation.path in HEALTH else [])}
    checks = [check for check in CHECKS.get_all() if check.__name__ not in but_not]
    statuses = []

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case):
        for parameters in (case.path_parameters, case.query):
            for name, value in (parameters or {}).items():
                # Half of what is asked for exists.
                if name in EXISTING and isinstance(value, str) and len(value) % 2:
                    parameters[name] = EXISTING[name]
        statuses.append(ask_one(case, checks))

    ask()
    return statuses


@pytest.mark.parametrize("path", PATHS)
def test_what_is_asked_as_described_is_answered_as_described(schema, path):
    statuses = asked_of(schema[path]["GET"], GenerationMode.POSITIVE)
    if path in HEALTH:
        assert {*statuses} <= {200, 503}
        return
    if path not in REFUSED and ("parquet" not in path or has_parquet()):
        assert 200 in statuses
    assert path in PLAIN or {400, 404} & {*statuses}
    assert {*statuses} <= {200, 400, 404}


@pytest.mark.parametrize(
    "path", ["/api/v1/alerts", "/api/v1/coins/{coin}/events", "/api/v1/coins/{coin}/history"]
)
def test_what_is_asked_otherwise_is_refused_as_described(schema, path):
    statuses = asked_of(schema[path]["GET"], GenerationMode.NEGATIVE)
    assert 400 in statuses
    assert {*statuses} <= {200, 400, 404}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_a_stream_begins_as_described(schema, mode):
    statuses = asked_of(schema["/api/v1/stream"]["GET"], mode, beginning)
    assert {*statuses} <= {200, 400, 404}
    assert len({*statuses}) > 1

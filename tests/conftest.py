"""What all tests share: how hypothesis looks for counter-examples, and who listens to what is logged."""

import os

import pytest
from hypothesis import HealthCheck, settings
from listening import LISTENER, listen

settings.register_profile(
    "liqbot",
    deadline=None,  # numpy warms up on the first example
    max_examples=60,
    derandomize=True,  # whether a change lands must not depend on luck; `make soak` goes on searching
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "soak", settings.get_profile("liqbot"), derandomize=False, max_examples=2000, print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "liqbot"))


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests have recorded as the property `table`."""
    for report in terminalreporter.stats.get("passed", []):
        for name, text in getattr(report, "user_properties", ()):
            if name == "table":
                terminalreporter.write_line(f"\n{text}")


@pytest.fixture(scope="session", autouse=True)
def nothing_secret_is_logged():
    """No token and nobody's words may stand in any log line of the whole suite."""
    listen()
    yield
    assert not LISTENER.found

"""What all tests share: how hypothesis looks for counter-examples."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "liqbot",
    deadline=None,  # numpy warms up on the first example
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("liqbot")


def pytest_terminal_summary(terminalreporter):
    """Print the tables that tests have recorded as the property `table`."""
    for report in terminalreporter.stats.get("passed", []):
        for name, text in getattr(report, "user_properties", ()):
            if name == "table":
                terminalreporter.write_line(f"\n{text}")

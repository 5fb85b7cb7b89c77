"""What all tests share: how hypothesis looks for counter-examples."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "liqbot",
    deadline=None,  # numpy warms up on the first example
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("liqbot")

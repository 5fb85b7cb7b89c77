from liqbot.plugin import Hit, rule


@rule("prints")
def prints(view):
    """It prints a million lines."""
    print("a line\n" * 1_000_000)
    yield Hit(f"printed-{view.time_ms}", "printed")

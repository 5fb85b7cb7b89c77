"""The rules that come with liqbot, written like anyone's plugin."""

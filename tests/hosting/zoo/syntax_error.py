from liqbot.plugin import rule


def broken(:
    pass

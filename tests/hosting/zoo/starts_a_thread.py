import threading

from liqbot.plugin import rule


@rule("starts-a-thread")
def starts_a_thread(view):
    """It leaves a thread behind."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()

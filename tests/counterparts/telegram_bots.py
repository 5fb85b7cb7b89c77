"""Bots of python-telegram-bot, as the tests of Telegram's counterpart drive it."""

import contextlib
import io

from PIL import Image
from telegram.ext import Application, CallbackQueryHandler, ChatMemberHandler, MessageHandler, filters

PLAIN = "🟢 BTC"


def picture(width=640, height=400, colour="teal", kind="PNG"):
    """Return a real picture, as bytes."""
    written = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(written, kind)
    return written.getvalue()


def application(telegram, token=None):
    """Return a builder that talks to the counterpart."""
    builder = Application.builder().token(token or telegram.token)
    return builder.base_url(telegram.base_url).base_file_url(telegram.base_file_url)


@contextlib.asynccontextmanager
async def bot_of(telegram, token=None):
    """A Bot that only sends."""
    built = application(telegram, token).build()
    async with built.bot as bot:
        yield bot


class Listener:
    """A bot that writes down what it gets, and answers taps with their data."""

    def __init__(self):
        self.messages = []
        self.taps = []
        self.places = []
        self.errors = []

    async def on_message(self, update, _):
        self.messages.append(update.effective_message)
        if update.effective_message.text == "/keys":
            await update.effective_message.reply_text("which?", reply_markup=KEYS)

    async def on_tap(self, update, _):
        self.taps.append(update.callback_query)
        await update.callback_query.answer(f"took {update.callback_query.data}", show_alert=True)

    async def on_place(self, update, _):
        self.places.append(update.my_chat_member)

    async def on_error(self, _, context):
        self.errors.append(context.error)


KEYS = {
    "inline_keyboard": [
        [{"text": "Refresh", "callback_data": "r:BTC"}, {"text": "Mute", "callback_data": "m"}]
    ]
}


@contextlib.asynccontextmanager
async def listening(telegram, *, polls=True):
    """A running Application; with `polls`, it polls until the block ends."""
    listener = Listener()
    app = application(telegram).build()
    app.add_handler(CallbackQueryHandler(listener.on_tap))
    app.add_handler(ChatMemberHandler(listener.on_place, ChatMemberHandler.MY_CHAT_MEMBER))
    app.add_handler(MessageHandler(filters.ALL, listener.on_message))
    app.add_error_handler(listener.on_error)
    listener.app = app
    async with app:
        await app.start()
        if polls:
            await app.updater.start_polling(
                timeout=5, bootstrap_retries=-1, error_callback=listener.errors.append
            )
        yield listener
        if app.updater.running:
            await app.updater.stop()
        await app.stop()

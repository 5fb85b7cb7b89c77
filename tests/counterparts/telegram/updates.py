"""The queue of updates: confirmed by offset, filtered when they are made, polled or posted."""

import asyncio
import itertools
import json
import time

import aiohttp

from .changes import Signal
from .refusals import conflict

NOT_BY_DEFAULT = frozenset(("chat_member", "message_reaction", "message_reaction_count"))
LONGEST_POLL = 50
FIRST_RETRY = 0.05
LAST_RETRY = 2.0


class Updates:
    """Updates wait here until they are confirmed, by an offset or by the webhook's answer."""

    def __init__(self, wrong):
        self.allowed: list[str] | None = None
        self.pending: list[dict] = []
        self.webhook: dict | None = None
        self.changed = Signal()
        self._wrong = wrong  # is told of every update
        self._numbers = itertools.count(100_001)
        self._poller: asyncio.Future | None = None
        self._posting: asyncio.Task | None = None

    def add(self, kind, content):
        """Queue an update, unless the bot did not want its kind; return its number or None."""
        wanted = kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT
        if not wanted:
            return None
        update = {"update_id": next(self._numbers), kind: content}
        self._wrong(update)
        self.pending.append(update)
        self.changed.fire()
        return update["update_id"]

    def garble(self, update):
        """Queue what no update ever was: Telegram may have something new, or something broken."""
        self.pending.append({"update_id": next(self._numbers)} | update)
        self.changed.fire()

    # Polling

    async def poll(self, call):
        """Answer getUpdates: at once if there is something, else when there is or time is over."""
        if self.webhook:
            raise conflict(
                "can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first"
            )
        if "allowed_updates" in call.parameters:
            self.allowed = call.value("allowed_updates") or None
        self._confirm(call.integer("offset", 0))
        limit = min(max(call.integer("limit", 100), 1), 100)
        timeout = min(max(call.integer("timeout", 0), 0), LONGEST_POLL)
        if timeout and not self.pending:
            await self._wait(timeout)
        return self.pending[:limit]

    def _confirm(self, offset):
        if offset < 0:
            self.pending = self.pending[offset:]
        elif offset > 0:
            self.pending = [update for update in self.pending if update["update_id"] >= offset]
        self.changed.fire()

    async def _wait(self, seconds):
        """Wait for an update. A second poller ends the wait of the first."""
        self.stop_poll(
            "terminated by other getUpdates request; make sure that only one bot instance is running"
        )
        mine = self._poller = asyncio.get_running_loop().create_future()
        try:
            await self.changed.until(lambda: self.pending or mine.done(), seconds)
            if mine.done():
                raise conflict(mine.result())
        finally:
            if self._poller is mine:
                self._poller = None

    def stop_poll(self, why):
        if self._poller is not None and not self._poller.done():
            self._poller.set_result(why)
            self.changed.fire()

    # Webhook

    def set_webhook(self, url, *, secret="", allowed=None, connections=40, certificate=False):
        """Post updates to an address from now on; an empty address ends that."""
        self.unset()
        if allowed is not None:
            self.allowed = allowed or None
        if url:
            self.stop_poll("terminated by setWebhook request")
            self.webhook = {"url": url, "has_custom_certificate": certificate, "max_connections": connections}
            self._posting = asyncio.create_task(self._post(url, secret))

    def unset(self):
        self.webhook = None
        if self._posting is not None:
            self._posting.cancel()
            self._posting = None

    async def _post(self, url, secret):
        """Post one update after the other; what is not answered with 2xx is posted again."""
        headers = {"Content-Type": "application/json"}
        if secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        pause = FIRST_RETRY
        async with aiohttp.ClientSession() as session:
            while True:
                await self.changed.until(lambda: self.pending, 3600)
                if not self.pending:
                    continue
                update = self.pending[0]
                problem = await _posted(session, url, headers, update)
                if not problem:
                    pause = FIRST_RETRY
                    self.pending = [one for one in self.pending if one is not update]
                    self.changed.fire()
                    continue
                self.webhook |= {"last_error_date": int(time.time()), "last_error_message": problem}
                self.changed.fire()
                await asyncio.sleep(pause)
                pause = min(pause * 2, LAST_RETRY)

    def webhook_info(self):
        info = {"url": "", "has_custom_certificate": False} | (self.webhook or {})
        info["pending_update_count"] = len(self.pending)
        if self.allowed:
            info["allowed_updates"] = self.allowed
        return info


async def _posted(session, url, headers, update):
    """Post an update; return an empty string, or what went wrong in the real server's words."""
    try:
        limit = aiohttp.ClientTimeout(total=10)
        async with session.post(url, data=json.dumps(update), headers=headers, timeout=limit) as answer:
            await answer.read()
            return "" if answer.ok else f"Wrong response from the webhook: {answer.status} {answer.reason}"
    except aiohttp.ClientConnectionError:
        return "Connection refused"
    except TimeoutError:
        return "Read timeout expired"

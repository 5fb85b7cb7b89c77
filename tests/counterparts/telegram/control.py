"""The client of the control door: makes people and chats, sees what the bot sent, orders faults.

    running = process.start()
    async with Telegram(running) as telegram:
        ann = await telegram.person("Ann", language="de")
        await ann.says("/heatmap BTC")
        reply = await ann.hears()
        assert "BTC" in reply.text
        answer = await ann.taps(reply, "Refresh")

Whatever waits has `within` seconds and fails with an AssertionError that says what it waited for.
"""

import base64

import aiohttp

from .people import Person
from .process import Running
from .rooms import Room
from .seen import Call, Seen, shown

WITHIN = 5.0


class Telegram:
    """One world of people, chats and a bot. `api_url` is the base before `/bot<token>`."""

    def __init__(self, running: Running):
        self.api_url = running.url
        self.base_url = f"{running.url}/bot"
        self.base_file_url = f"{running.url}/file/bot"
        self.token = running.token
        self.username = running.username
        self.validates = running.validates
        self.bot_id = int(running.token.partition(":")[0])
        self.heard: dict[int, int] = {}  # per chat, the last message that hears() gave out
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self):
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        return self

    async def __aexit__(self, *_):
        await self._session.close()

    async def ask(self, action, **arguments):
        """Ask the control door itself; ValueError if it refuses."""
        async with self._session.post(f"{self.api_url}/control/{action}", json=arguments) as answer:
            body = await answer.json()
        if "error" in body:
            raise ValueError(f"{action}: {body['error']}")
        return body["result"]

    async def reset(self):
        """Begin anew: nobody, no chats, no calls, no faults, no webhook; usual limits."""
        self.heard.clear()
        await self.ask("reset")

    # People and chats

    async def person(self, name="Ann", *, language="en", username="", last_name="", started=True) -> Person:
        """Add a person; `started`: the private chat with the bot exists, without an update of it."""
        user = await self.ask(
            "person", name=name, language=language, username=username, last_name=last_name, started=started
        )
        return Person(self, user["id"], name)

    async def people(self, count) -> list[int]:
        """Add many people with open private chats; return their ids, which are their chats' ids too."""
        return await self.ask("people", count=count)

    async def group(self, title, owner, *, members=(), bot="member") -> Room:
        """Add a group. `bot`: "member", "administrator" or "absent"; its coming makes the usual updates."""
        return await self._room("group", title, owner, members, bot)

    async def supergroup(self, title, owner, *, members=(), bot="member", username="", forum=False) -> Room:
        """Add a supergroup; with `forum`, one that can have topics."""
        return await self._room("supergroup", title, owner, members, bot, username=username, forum=forum)

    async def channel(self, title, owner, *, members=(), bot="administrator", username="") -> Room:
        """Add a channel; the bot may post in it only as an administrator."""
        return await self._room("channel", title, owner, members, bot, username=username)

    async def _room(self, kind, title, owner, members, bot, *, username="", forum=False):
        chat = await self.ask(
            "room",
            kind=kind,
            title=title,
            owner=owner.id,
            members=[member.id for member in members],
            bot=bot,
            username=username,
            forum=forum,
        )
        return Room(self, chat["id"], kind, owner)

    async def block_quietly(self, users):
        """Let people (ids) block the bot without an update of it."""
        await self.ask("block_quietly", users=list(users))

    # What the bot sent

    async def messages(self, chat, *, own=True, after=0, at_least=0, within=WITHIN) -> list[Seen]:
        """Return a chat's messages in order; `own`: only the bot's. Waits until there are `at_least`."""
        found = await self.ask(
            "messages",
            chat=getattr(chat, "id", chat),
            own=own,
            after=after,
            at_least=at_least,
            within=within if at_least else 0,
        )
        assert len(found) >= at_least, (
            f"waited {within} s for {at_least} messages; there are {[shown(one) for one in found]}"
        )
        return [Seen.of(one) for one in found]

    async def next_message(self, chat, *, within=WITHIN) -> Seen:
        """Return the bot's next message in a chat that this has not returned yet; wait for it."""
        number = getattr(chat, "id", chat)
        found = await self.messages(number, after=self.heard.get(number, 0), at_least=1, within=within)
        self.heard[number] = found[0].id
        return found[0]

    async def silence(self, chat, *, within=0.3):
        """Fail if the bot says anything new in a chat within the time."""
        number = getattr(chat, "id", chat)
        found = await self.ask(
            "messages", chat=number, own=True, after=self.heard.get(number, 0), at_least=1, within=within
        )
        assert not found, f"the bot said {[shown(one) for one in found]}"

    async def grows_old(self, seen: Seen):
        """Let a message become so old that Telegram gives it out no more, though its buttons are there."""
        await self.ask("grow_old", chat=seen.chat, message=seen.id)

    async def edited(self, seen: Seen, *, times=1, within=WITHIN) -> Seen:
        """Return a message after `times` more edits (a deletion counts) than `seen` has; wait for them."""
        edits = len(seen.before) + seen.deleted + times
        found = Seen.of(
            await self.ask(
                "message", chat=seen.chat, message=seen.id, edits=edits, within=within if times else 0
            )
        )
        now = len(found.before) + found.deleted
        assert now >= edits, f"waited {within} s for edit {edits} of {shown(found.raw)}; there are {now}"
        return found

    async def tally(self, chats=None) -> dict[int, int]:
        """Return how many messages the bot sent to each chat (ids), or to every chat."""
        found = await self.ask("tally", chats=None if chats is None else list(chats))
        return {int(chat): count for chat, count in found.items()}

    async def picture(self, file_id) -> bytes:
        """Return a photo's content by any of its file_ids."""
        return base64.b64decode(await self.ask("picture", file_id=file_id))

    async def forget_pictures(self):
        """Take no photo by its file_id any more, as Telegram does with some after a time."""
        await self.ask("forget_pictures")

    async def commands(self) -> list[dict]:
        """Return every set of commands: scope, chat, user, language, commands."""
        return await self.ask("commands")

    async def menu(self, chat, person, language="") -> list[dict]:
        """Return the commands that a person sees in a chat."""
        return await self.ask("menu", chat=getattr(chat, "id", chat), user=person.id, language=language)

    # Updates

    async def unconfirmed(self, *, within=0.0) -> list[dict]:
        """Return the updates that the bot has not confirmed; wait until there are none, or for `within`."""
        return await self.ask("updates", within=within)

    async def settled(self, *, within=WITHIN):
        """Wait until every update is confirmed."""
        left = await self.ask("updates", within=within)
        assert not left, f"after {within} s {len(left)} updates are not confirmed, the first: {left[0]}"

    async def webhook(self) -> dict:
        """Return what getWebhookInfo says."""
        return await self.ask("webhook")

    async def polled(self, *, within=WITHIN):
        """Wait until somebody polls for updates."""
        assert await self.ask("waits", method="getUpdates", within=within), f"nobody polled within {within} s"

    async def settings(self, *, reads_all=False, tap_life=60.0):
        """Set the bot's privacy mode (`reads_all`: off), and how many seconds a tap may be answered."""
        await self.ask("settle", reads_all=reads_all, tap_life=tap_life)

    async def expire_taps(self):
        """Make every tap so far too old to be answered."""
        await self.ask("expire_taps")

    # Faults, limits, calls

    async def fail(
        self, kind, method=".*", *, chat=None, times=1, seconds=1, status=502, text="", after=False, **chance
    ) -> int:
        """Let the next calls of a method (regex, whole name) and chat fail; return the order's number.

        Kinds: too_many (429, `seconds` to wait), bad_gateway (502, HTML), server_error (500), conflict (409),
        blocked (403), unauthorized (401), not_found (404), says (Telegram refuses with `status` and the
        description `text`), page, foreign_json, empty (what stands in between answers with `status`), reset
        (of the connection), hold (carried out, answered after `seconds`), delay. `after`: carried out before
        it fails. `times=None`: always. `share=0.1, seed=1`: a tenth of the calls, chosen by the seed.
        """
        return await self.ask(
            "fail",
            kind=kind,
            method=method,
            chat=getattr(chat, "id", chat),
            times=times,
            seconds=seconds,
            status=status,
            text=text,
            after=after,
            **chance,
        )

    async def garble(self, update) -> None:
        """Let the bot be told `update`, whatever that is; it is given a number."""
        await self.ask("garble", update=update)

    async def hits(self, order, *, at_least=0, within=WITHIN) -> int:
        """Return how many calls an order of `fail` has hit; wait until there are `at_least`."""
        hits = await self.ask("hits", fault=order, at_least=at_least, within=within)
        assert hits >= at_least, f"waited {within} s for hit {at_least} of fault {order}; there are {hits}"
        return hits

    async def flood(self, people, text, *, times=1, age=0):
        """Let people, by their ids, write the same to the bot, each so many times, `age` seconds ago."""
        await self.ask("flood", users=list(people), text=text, times=times, age=age)

    async def burst(self, said=(), tapped=()):
        """Let people write and tap all at once, waiting for nothing.

        `said` are a person, chat and text each, `tapped` a person, chat, message and button's data; by ids.
        """
        await self.ask("burst", said=list(said), tapped=list(tapped))

    async def heal(self):
        """Take back every fault."""
        await self.ask("heal")

    async def limits(self, **values):
        """Set limits: on, per_second, chat_per_second, chat_burst, group_per_minute."""
        await self.ask("limits", **values)

    async def flood_wait(self, chat, seconds):
        """Answer 429 to everything sent to a chat (None: to all) for some seconds."""
        await self.ask("flood_wait", chat=getattr(chat, "id", chat), seconds=seconds)

    async def calls(self, method=None, *, after=0, at_least=0, within=WITHIN) -> list[Call]:
        """Return the answered calls of a method (None: all), in order; wait until there are `at_least`."""
        found = await self.ask(
            "calls", method=method, after=after, at_least=at_least, within=within if at_least else 0
        )
        if len(found) < at_least:
            found = await self.ask("calls", method=method, after=after, at_least=0, within=0)
        assert len(found) >= at_least, (
            f"waited {within} s for {at_least} calls of {method}; there are {len(found)}"
        )
        return [Call(**one) for one in found]

    async def violations(self) -> list[dict]:
        """Return every breach of the published description: a test ends with `assert not …`."""
        return await self.ask("violations")

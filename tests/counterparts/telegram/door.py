"""The control door: what tests may ask of the world, by the names that `control.py` uses."""

import base64
import time

import msgspec
from aiohttp import web

from .faults import Fault
from .methods.commands import menu
from .refusals import Refused
from .world import Member


class Door:
    """Answers `/control/<action>` with a JSON object of arguments; a mistake is a 400 with a reason."""

    def __init__(self, api):
        self.api = api

    async def ask(self, request):
        action = getattr(self, f"do_{request.match_info['action']}", None)
        if action is None:
            return _answer(404, {"error": f"there is no action “{request.match_info['action']}”"})
        try:
            given = msgspec.json.decode(await request.read())
            result = await action(**given)
        except Refused as error:
            return _answer(400, {"error": error.description})
        except (KeyError, TypeError, ValueError) as error:
            return _answer(400, {"error": f"{type(error).__name__}: {error}"})
        finally:
            self.api.changed.fire()
        return _answer(200, {"result": result})

    # People and chats

    async def do_person(self, name, language, username, last_name, started):
        user = self.api.world.add_user(name, language=language, username=username, last_name=last_name)
        if started:
            self.api.world.private(user["id"])
        return user

    async def do_people(self, count):
        users = [self.api.world.add_user(f"Person {number}")["id"] for number in range(1, count + 1)]
        for user in users:
            self.api.world.private(user)
        return users

    async def do_room(self, *, kind, title, owner, members, bot, username, forum):
        world = self.api.world
        chat = world.add_chat(kind, title, username=username, forum=forum)
        chat.members[owner] = Member("creator")
        for user in members:
            chat.members[user] = Member("member")
        if bot != "absent":
            self.api.crowd.place(world.bot["id"], chat.id, bot, by=owner)
        return chat.short

    async def do_place(self, user, chat, status, by, rights):
        self.api.crowd.place(user or self.api.world.bot["id"], chat, status, by=by, rights=rights)

    async def do_forbid(self, chat, what):
        self.api.world.find(chat).forbidden = set(what)

    async def do_block(self, user, blocked):
        self.api.crowd.block(user, blocked=blocked)

    async def do_block_quietly(self, users):
        """Block without an update, as people who blocked the bot while it was away for long."""
        for user in users:
            self.api.world.private(user).members[self.api.world.bot["id"]] = Member("kicked")

    async def do_deactivate(self, user):
        self.api.world.deactivated.add(user)

    async def do_upgrade(self, chat, by):
        return self.api.crowd.upgrade(chat, by).short

    async def do_open_topic(self, chat, name, by):
        return self.api.crowd.open_topic(chat, name, by)

    async def do_close_topic(self, chat, topic, closed):
        self.api.crowd.close_topic(chat, topic, closed=closed)

    async def do_drop_topic(self, chat, topic):
        self.api.crowd.drop_topic(chat, topic)

    async def do_status(self, chat, user):
        chat = self.api.world.find(chat)
        return chat.status_of(user or self.api.world.bot["id"])

    # What people do

    async def do_write(self, *, user, chat, text, topic, reply_to, name=None):
        return self.api.crowd.write(user, chat, text, topic=topic, reply_to=reply_to, name=name)

    async def do_link(self, channel, group):
        self.api.world.find(channel).discussion = group

    async def do_grow_old(self, chat, message):
        self.api.world.find(chat).kept[message].old = True

    async def do_flood(self, users, text, times, age):
        """Let users write the same to the bot, each so many times, `age` seconds ago."""
        for _ in range(times):
            for user in users:
                message = self.api.crowd.write(user, user, text)
                message["date"] -= int(age)

    async def do_burst(self, said, tapped):
        """Let people write and tap all at once: user, chat, text; user, chat, message, data."""
        for user, chat, text in said:
            self.api.crowd.write(user, chat, text)
        for user, chat, message, data in tapped:
            self.api.crowd.tap(user, chat, message, data)

    async def do_post(self, user, chat, text):
        return self.api.crowd.post(user, chat, text)

    async def do_rewrite(self, user, chat, message, text):
        return self.api.crowd.edit(user, chat, message, text)

    async def do_tap(self, user, chat, message, data, within):
        number = self.api.crowd.tap(user, chat, message, data)
        tap = self.api.crowd.taps[number]
        await self.api.changed.until(lambda: tap.answer, within)
        return {"query": number, "answer": tap.answer}

    async def do_expire_taps(self):
        for tap in self.api.crowd.taps.values():
            tap.expired = True

    # What was sent

    async def do_messages(self, chat, own, after, at_least, within):
        """Return a chat's messages from the bot (or all), once there are enough or time is over."""
        place = self.api.world.find(chat)

        def found():
            kept = [k for k in place.kept.values() if k.number > after and (not own or self._own(place, k))]
            return kept if len(kept) >= at_least else None

        kept = await self.api.changed.until(found, within)
        if kept is None:
            kept = [k for k in place.kept.values() if k.number > after and (not own or self._own(place, k))]
        return [self._shown(one) for one in kept]

    async def do_message(self, chat, message, edits, within):
        """Return one message, once it was edited or deleted often enough or time is over."""
        kept = self.api.world.find(chat).kept[message]
        await self.api.changed.until(lambda: len(kept.before) + kept.deleted >= edits, within)
        return self._shown(kept)

    async def do_tally(self, chats):
        """Return how many messages of the bot each chat has, those deleted included."""
        world = self.api.world
        chosen = [world.find(chat) for chat in chats] if chats is not None else list(world.chats.values())
        return {str(chat.id): sum(self._own(chat, kept) for kept in chat.kept.values()) for chat in chosen}

    async def do_picture(self, file_id):
        return base64.b64encode(self.api.world.photos[file_id].bytes_of(file_id)).decode()

    async def do_forget_pictures(self):
        self.api.world.photos.clear()

    async def do_menu(self, chat, user, language):
        return menu(self.api, self.api.world.find(chat), user, language)

    async def do_commands(self):
        names = ("scope", "chat", "user", "language")
        return [
            dict(zip(names, key, strict=True)) | {"commands": given}
            for key, given in self.api.commands.items()
        ]

    async def do_updates(self, within):
        """Return what was not confirmed yet, once nothing is left or time is over."""
        await self.api.changed.until(lambda: not self.api.updates.pending, within)
        return self.api.updates.pending

    async def do_webhook(self):
        return self.api.updates.webhook_info()

    # What goes wrong, and what went on

    async def do_fail(self, **order):
        self.api.faults.append(Fault(**order))
        return len(self.api.faults) - 1

    async def do_garble(self, update):
        self.api.updates.garble(update)

    async def do_hits(self, fault, at_least, within):
        order = self.api.faults[fault]
        await self.api.changed.until(lambda: order.hits >= at_least, within)
        return order.hits

    async def do_heal(self):
        self.api.faults.clear()

    async def do_limits(self, **values):
        self.api.pacing.limits.set(**values)

    async def do_flood_wait(self, chat, seconds):
        self.api.pacing.flood_wait(chat, seconds, time.monotonic())

    async def do_calls(self, method, after, at_least, within):
        """Return the answered calls of a method (None: all) after a number, once there are enough."""

        def found():
            calls = [
                call
                for call in self.api.calls[after:]
                if call.took is not None and (method is None or call.method.lower() == method.lower())
            ]
            return calls if len(calls) >= at_least else None

        calls = await self.api.changed.until(found, within)
        return [call.shown() for call in calls or []]

    async def do_waits(self, method, within):
        """Say whether a call of the method is being answered, waiting for that if need be."""
        return bool(
            await self.api.changed.until(
                lambda: any(c.took is None and c.method.lower() == method.lower() for c in self.api.calls),
                within,
            )
        )

    async def do_violations(self):
        return self.api.violations

    async def do_settle(self, reads_all, tap_life):
        """Set what is seldom set: the privacy mode, and how long a tap may be answered."""
        self.api.world.reads_all = reads_all
        self.api.crowd.tap_life = tap_life

    def _own(self, chat, kept):
        if chat.type == "channel":
            return kept.number not in self.api.crowd.posts_of_people.get(chat.id, ())
        sender = kept.message.get("from", {}).get("id")
        return sender == self.api.world.bot["id"] and ("text" in kept.message or "photo" in kept.message)

    @staticmethod
    def _shown(kept):
        return {
            "message": kept.message,
            "before": kept.before,
            "silent": kept.silent,
            "deleted": kept.deleted,
            "keyboard": kept.keyboard,
        }


def _answer(status, body):
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json")

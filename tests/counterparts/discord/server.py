"""The whole counterpart in one application: REST API, gateway, files, control door."""

from dataclasses import dataclass

from aiohttp import web

from .actions import Actions
from .buckets import RateLimits
from .clock import Clock
from .command_routes import CommandRoutes
from .door import Door
from .faults import Faults
from .gateway import Gateway
from .interaction_routes import InteractionRoutes
from .interactions import Interactions
from .messages import Messages
from .record import Record
from .rest import REQUEST_BYTES, Rest
from .routes import BotRoutes, MessageRoutes, PlaceRoutes
from .specs import Specs
from .world import World


@dataclass(frozen=True)
class Options:
    """How this Discord is set up.

    `validate_every` n-th payload is checked (0: none), `per_second` is the limit of all requests together (0:
    no limits at all), `heartbeat` and `identify_every` are in seconds.
    """

    token: str | None = None  # None: one is made up
    validate_every: int = 1
    per_second: int = 50
    heartbeat: float = 41.25
    max_concurrency: int = 1
    identify_every: float = 5.0
    takes_binary: bool = False


class Discord:
    """Everything, wired."""

    def __init__(self, options: Options, specs: Specs, sites: "Sites") -> None:
        self.specs = specs
        self.sites = sites
        self.record = Record()
        self.world = World(options.token, Clock())
        self.limits = RateLimits(per_second=options.per_second)
        self.faults = Faults()
        self.messages = Messages(self.world)
        self.interactions = Interactions(self.world, self.messages)
        self.actions = Actions(self.world, self.messages, self.interactions)
        self.gateway = Gateway(
            self.world,
            self.specs,
            self.record,
            heartbeat=options.heartbeat,
            max_concurrency=options.max_concurrency,
            identify_every=options.identify_every,
            takes_binary=options.takes_binary,
        )

    def application(self) -> web.Application:
        app = web.Application(client_max_size=REQUEST_BYTES)
        rest = Rest(self.world, self.specs, self.record, self.limits, self.faults)
        routes = CommandRoutes(self.world).table() | InteractionRoutes(self.interactions).table()
        routes |= BotRoutes(self.world, self.gateway).table() | PlaceRoutes(self.world).table()
        routes |= MessageRoutes(self.world, self.messages).table()
        for path in ("/gw", "/gw/", "/resume", "/resume/"):
            app.router.add_get(path, self.gateway.serve)
        app.router.add_get("/attachments/{channel_id}/{file_id}/{name}", self._file)
        app.router.add_post("/control/{action}", Door(self).serve)
        rest.mount(app, routes)
        return app

    def at(self, host: str, port: int) -> None:
        """Learn the address, which READY and the files' URLs tell."""
        self.gateway.url = f"ws://{host}:{port}/gw"
        self.messages.base_url = f"http://{host}:{port}"

    async def _file(self, request: web.Request) -> web.Response:
        file = self.messages.files.get(int(request.match_info["file_id"]))
        if file is None:
            raise web.HTTPNotFound(text="This content is no longer available.")
        return web.Response(body=file.content, headers={"Content-Type": file.wire["content_type"]})


class Sites:
    """Discords of one process, each on a port of its own: a test gets a fresh one in a few milliseconds."""

    def __init__(self, host: str, options: Options) -> None:
        self._host = host
        self._options = options
        self._open: dict[int, tuple[Discord, web.AppRunner]] = {}
        self.specs = Specs(every=options.validate_every)

    async def open(self, port: int = 0) -> int:
        """Open another; return its port."""
        discord = Discord(self._options, self.specs, self)
        runner = web.AppRunner(discord.application(), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        await web.TCPSite(runner, self._host, port).start()
        port = runner.addresses[0][1]
        discord.at(self._host, port)
        self._open[port] = (discord, runner)
        return port

    async def close(self, port: int) -> None:
        discord, runner = self._open.pop(port)
        for connection in list(discord.gateway.connections):
            connection.drop()
        await runner.cleanup()

    async def close_all(self) -> None:
        for port in list(self._open):
            await self.close(port)

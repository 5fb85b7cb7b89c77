"""One address before several Discords: the library of a bot knows one Discord, which here is many.

A request goes to the Discord whose token it has. What needs no token (answers to interactions) goes to
whichever knows it. Gateways are each Discord's own: it names it when asked.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from .control import Discord


@asynccontextmanager
async def front(discords: Sequence[Discord]) -> AsyncIterator[str]:
    """Yield the base of the REST API before all of them."""
    async with aiohttp.ClientSession() as session:

        async def passed_on(request: web.Request) -> web.Response:
            said, body = request.headers.get("Authorization", ""), await request.read()
            asked = [one for one in discords if one.token and said.endswith(one.token)] or discords
            for discord in asked:
                url = f"http://127.0.0.1:{discord.port}{request.path_qs}"
                headers = {name: value for name, value in request.headers.items() if name != "Host"}
                async with session.request(request.method, url, data=body, headers=headers) as answer:
                    told = await answer.read()
                    if answer.status != 404 or discord is asked[-1]:
                        kept = {
                            name: value
                            for name, value in answer.headers.items()
                            if name.lower() not in ("content-length", "transfer-encoding", "date", "server")
                        }
                        return web.Response(status=answer.status, body=told, headers=kept)
            raise AssertionError("there is no Discord")

        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_route("*", "/{path:.*}", passed_on)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            yield f"http://127.0.0.1:{port}{discords[0].api_url.split(str(discords[0].port), 1)[1]}"
        finally:
            await runner.cleanup()

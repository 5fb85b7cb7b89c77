"""The page to try the API: made by the bot itself, so that nothing comes from anywhere else."""

from litestar import Request, Response, get
from litestar.datastructures import State

from liqbot.web.caching import Body, answered
from liqbot.web.page import POLICY, TYPES

_PAGE = """<!doctype html>
<html lang="en" data-theme="dark">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>liqbot: API</title>
    <link rel="stylesheet" href="/static/style.css" />
  </head>
  <body>
    <main id="api">
      <h1>API</h1>
      <p>Read-only, no key. The description for programs is <a href="/api/openapi.json">openapi.json</a>.</p>
    </main>
    <script type="module" src="/static/docs.js"></script>
  </body>
</html>
"""


@get("/api/docs", include_in_schema=False)
async def docs_page(request: Request[None, None, State]) -> Response[bytes | None]:
    """Return the page."""
    answer = answered(request, Body(_PAGE.encode(), TYPES[".html"]), max_age_s=60)
    answer.headers["Content-Security-Policy"] = POLICY
    return answer

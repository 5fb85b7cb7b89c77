"""A small bot made with discord.py: it draws, offers coins, has a button, and says what it is told."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import discord
from counterparts.discord import Discord
from discord import app_commands
from PIL import Image

ALT = "A heatmap of BTC: most liquidations lie at 61,200 USD."
COINS = ("BTC", "ETH", "SOL")


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (64, 36), "#204060").save(out, "PNG")
    return out.getvalue()


class Refresh(discord.ui.View):
    """One button that works after a restart: it has a custom_id and no timeout."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Refresh", custom_id="refresh:BTC")
    async def refresh(self, interaction: discord.Interaction, _button: discord.ui.Button) -> None:
        await interaction.response.defer()
        await interaction.edit_original_response(content="refreshed")

    @discord.ui.select(
        custom_id="window", options=[discord.SelectOption(label=w) for w in ("1d", "7d", "30d")]
    )
    async def window(self, interaction: discord.Interaction, menu: discord.ui.Select) -> None:
        await interaction.response.send_message(f"window {menu.values[0]}", ephemeral=True)

    @discord.ui.select(cls=discord.ui.RoleSelect, custom_id="ping")
    async def ping(self, interaction: discord.Interaction, menu: discord.ui.RoleSelect) -> None:
        await interaction.response.send_message(f"ping {menu.values[0].name}", ephemeral=True)


class Bot(discord.AutoShardedClient):
    """The bot. `quick` makes it answer before drawing; `late` makes it wait before it defers, in seconds."""

    def __init__(self, *, late: float = 0.0, members: bool = False, **facts: object) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, members=members)
        super().__init__(intents=intents, guild_ready_timeout=0.05, **facts)
        self.late = late
        self.errors: list[Exception] = []
        self.events: list[str] = []
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(heatmap)
        self.tree.add_command(subscribe)
        self.tree.on_error = self._on_error

    async def _on_error(self, _interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        self.errors.append(getattr(error, "original", error))

    async def before_identify_hook(self, _shard: int | None, *, initial: bool = False) -> None:
        """Do not wait 5 s: this counterpart does not ask for it."""

    async def setup_hook(self) -> None:
        self.add_view(Refresh())
        await self.tree.sync()

    async def on_ready(self) -> None:
        self.events.append("ready")

    async def on_resumed(self) -> None:
        self.events.append("resumed")

    async def on_shard_resumed(self, _shard: int) -> None:
        self.events.append("resumed")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        self.events.append(f"removed {guild.id}")

    async def on_guild_join(self, guild: discord.Guild) -> None:
        self.events.append(f"joined {guild.id}")

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        self.events.append(f"deleted {channel.id}")


@app_commands.command(name="heatmap", description="Draws the liquidation heatmap of a coin")
@app_commands.allowed_installs(guilds=True, users=True)
@app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
async def heatmap(
    interaction: discord.Interaction, coin: str, days: app_commands.Range[int, 1, 30] = 7
) -> None:
    await asyncio.sleep(interaction.client.late)
    await interaction.response.defer()
    file = discord.File(io.BytesIO(picture()), "heatmap.png", description=ALT)
    embed = discord.Embed(title=coin, description=f"{days} days").set_image(url="attachment://heatmap.png")
    await interaction.edit_original_response(embed=embed, attachments=[file], view=Refresh())


@heatmap.autocomplete("coin")
async def coins(_interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=coin, value=coin) for coin in COINS if typed.lower() in coin.lower()]


@app_commands.command(name="subscribe", description="Sends alerts to a channel")
@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
async def subscribe(interaction: discord.Interaction, channel: discord.TextChannel | discord.Thread) -> None:
    held = channel.permissions_for(interaction.guild.me)
    missing = [name for name in ("view_channel", "send_messages", "embed_links") if not getattr(held, name)]
    text = f"I miss {', '.join(missing)} there" if missing else "subscribed"
    await interaction.response.send_message(text, ephemeral=True)


@asynccontextmanager
async def running(bot: Bot, counterpart: Discord) -> AsyncIterator[Bot]:
    """Run a bot until the block ends; it is ready when the block begins."""
    async with bot:
        await bot.login(counterpart.token)
        connection = asyncio.create_task(bot.connect())
        ready = asyncio.create_task(bot.wait_until_ready())
        try:
            await asyncio.wait([connection, ready], timeout=20, return_when=asyncio.FIRST_COMPLETED)
            if connection.done():
                connection.result()
            assert bot.is_ready(), "the bot did not become ready in 20 s"
            yield bot
        finally:
            ready.cancel()
            await bot.close()
            await asyncio.gather(connection, ready, return_exceptions=True)


async def eventually(condition, seconds: float = 10.0) -> None:
    """Wait for a condition, with a deadline."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)

"""A bot made with hikari, unchanged: its REST URL is the only thing that is not Discord's own.

Its one argument is JSON: token, url, channel, picture (PNG, base64). It runs in an environment of its own.
"""

import base64
import json
import sys

import hikari

ORDER = json.loads(sys.argv[1])
PICTURE = base64.b64decode(ORDER["picture"])

bot = hikari.GatewayBot(
    ORDER["token"],
    rest_url=ORDER["url"] + "/v10",
    intents=hikari.Intents.GUILDS | hikari.Intents.GUILD_MESSAGES,
    banner=None,
    logs="WARNING",
)


def buttons():
    row = bot.rest.build_message_action_row()
    row.add_interactive_button(hikari.ButtonStyle.PRIMARY, "refresh", label="Refresh")
    row.add_link_button("https://example.org", label="Site")
    return row


def menu():
    row = bot.rest.build_message_action_row()
    options = row.add_text_menu("window")
    for window in ("1d", "7d"):
        options.add_option(window, window)
    return row


def heatmap():
    coin = hikari.CommandOption(
        type=hikari.OptionType.STRING,
        name="coin",
        description="The coin",
        is_required=True,
        autocomplete=True,
    )
    days = hikari.CommandOption(
        type=hikari.OptionType.INTEGER, name="days", description="How long", min_value=1, max_value=30
    )
    return bot.rest.slash_command_builder("heatmap", "Draws a heatmap").add_option(coin).add_option(days)


def settings():
    where = hikari.CommandOption(
        type=hikari.OptionType.CHANNEL, name="where", description="A channel", is_required=True
    )
    sub = hikari.CommandOption(
        type=hikari.OptionType.SUB_COMMAND, name="channel", description="Where alerts go", options=[where]
    )
    command = bot.rest.slash_command_builder("settings", "Changes settings").add_option(sub)
    return command.set_default_member_permissions(hikari.Permissions.MANAGE_GUILD)


@bot.listen()
async def started(_event: hikari.StartedEvent) -> None:
    application = await bot.rest.fetch_application()
    await bot.rest.set_application_commands(application, [heatmap(), settings()])
    alert = {"content": "alert", "attachment": hikari.Bytes(PICTURE, "map.png"), "nonce": "delivery-1"}
    first = await bot.rest.create_message(ORDER["channel"], **alert)
    again = await bot.rest.create_message(ORDER["channel"], **alert)
    if first.id != again.id:
        raise RuntimeError("the nonce did not hold")


@bot.listen()
async def used(event: hikari.InteractionCreateEvent) -> None:
    interaction = event.interaction
    if isinstance(interaction, hikari.AutocompleteInteraction):
        typed = interaction.options[0].value.upper()
        found = [coin for coin in ("BTC", "ETH") if typed in coin]
        await interaction.create_response(
            [hikari.impl.AutocompleteChoiceBuilder(coin, coin) for coin in found]
        )
    elif isinstance(interaction, hikari.ComponentInteraction):
        await component(interaction)
    elif interaction.command_name == "heatmap":
        await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_CREATE)
        given = {option.name: option.value for option in interaction.options}
        embed = hikari.Embed(title=given["coin"]).add_field("days", f"{given['days']}")
        embed.set_image(hikari.Bytes(PICTURE, "map.png"))
        await interaction.edit_initial_response(embed=embed, components=[buttons(), menu()])
    else:
        where = interaction.resolved.channels[interaction.options[0].options[0].value]
        await interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_CREATE, f"to {where.name}", flags=hikari.MessageFlag.EPHEMERAL
        )
        sent = await interaction.fetch_initial_response()
        await interaction.execute(f"answered {sent.id}", flags=hikari.MessageFlag.EPHEMERAL)


async def component(interaction: hikari.ComponentInteraction) -> None:
    if interaction.custom_id == "window":
        await interaction.create_initial_response(
            hikari.ResponseType.MESSAGE_UPDATE, f"window {interaction.values[0]}", components=[buttons()]
        )
        return
    await interaction.create_initial_response(hikari.ResponseType.DEFERRED_MESSAGE_UPDATE)
    await interaction.edit_initial_response("refreshed")
    await interaction.execute("only for you", flags=hikari.MessageFlag.EPHEMERAL)


bot.run(check_for_updates=False)

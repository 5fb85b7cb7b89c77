"""What people do on Discord, and what they get: commands, completion, buttons."""


async def test_a_command_is_acknowledged_at_once_and_its_picture_comes_with_alt_text(house):
    async with house.open():
        answer = await house.slash("heatmap", coin="BTC")
    assert answer.callback == 5
    assert not answer.message.ephemeral
    [file] = answer.message.files
    assert file["description"] == "BTC heatmap-24h in words"
    assert file["embedded"]
    assert answer.message.embeds[0]["title"].startswith("BTC 64,000")


async def test_coins_are_completed_with_what_they_stand_at(house):
    async with house.open():
        answer = await house.discord.autocomplete("heatmap", house.channel, "coin", "bt")
    assert [choice["value"] for choice in answer.choices] == ["BTC"]
    assert answer.choices[0]["name"].startswith("BTC · 64,000 · ")
    assert answer.acknowledged_in < 0.5

"""The Discord chat: slash commands, buttons and alerts with the library discord.py."""

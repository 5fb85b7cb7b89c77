"""The bot as a whole: sources, engine, rules, alerts and chats wired together, and supervised."""

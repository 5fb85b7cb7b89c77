"""A counterpart that takes messages for any chat of any platform, with the troubles of real ones.

It speaks no platform's language: it stands for what the dispatcher must get along with. `client.py` is the
platform that the dispatcher sees, `process.py` starts the server as a process of its own.
"""

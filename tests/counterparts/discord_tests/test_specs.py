"""The counterpart speaks as Discord has published it."""

import pytest
from counterparts.discord.specs import Specs
from shared import shared_file


@pytest.fixture(scope="module")
def specs():
    pytest.importorskip(
        "jsonschema_rs", reason="jsonschema-rs is not installed: Discord's schemas are not checked"
    )
    return Specs(shared_file("specs/discord-openapi.json").parent)


def test_what_is_published_is_checked(specs):
    assert specs.active


async def test_the_counterpart_checks_itself_where_the_schemas_are(specs, discord_counterpart):
    assert specs.active
    assert discord_counterpart.validating


def test_a_request_answer_event_or_command_beyond_the_schema_is_named(specs):
    path = "/channels/{channel_id}/messages"
    assert specs.request("POST", path, {"content": "x"}, "application/json") is None
    assert "content" in specs.request("POST", path, {"content": 5}, "application/json")
    assert "text/plain" in specs.request("POST", path, {"content": "x"}, "text/plain")
    assert "required" in specs.answer("POST", path, 200, {"content": "x"})
    assert "no status" in specs.answer("POST", path, 201, {})
    assert "required" in specs.event("READY", {"v": 10})
    assert "no schema" in specs.event("SOMETHING_NEW", {})
    assert "required" in specs.command(2, {"token": "x"})


def test_ids_may_be_numbers_in_requests_and_never_in_answers(specs):
    attachments = {"attachments": [{"id": 0, "filename": "a.png"}]}
    assert specs.request("POST", "/channels/{channel_id}/messages", attachments, "application/json") is None
    user = {"id": 5, "username": "x"}
    assert specs.answer("GET", "/users/{user_id}", 200, user) is not None


def test_flags_are_sums_of_bits(specs):
    assert specs.event("RESUMED", {}) is None
    message = {
        **dict.fromkeys(("id", "channel_id"), "1"),
        **dict.fromkeys(("attachments", "embeds", "mentions", "mention_roles")),
        "flags": 4096 | 4,
    }
    assert "flags" not in specs.event("MESSAGE_CREATE", message)

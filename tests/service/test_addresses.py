"""Whatever people paste for an account is understood, or refused in words that say what would be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liqbot.service.addresses import address_of
from liqbot.service.errors import UserError

ADDRESS = "0xa11ce00000000000000000000000000000000abc"
HASH = f"0x{'ab' * 32}"


@pytest.mark.parametrize(
    "pasted",
    [
        ADDRESS,
        ADDRESS.upper(),
        "0xA11cE00000000000000000000000000000000AbC",
        ADDRESS.removeprefix("0x"),
        f"  {ADDRESS}\n",
        f"<{ADDRESS}>",
        f"`{ADDRESS}`,",
        f"{ADDRESS[:9]}\u200b{ADDRESS[9:]}\ufeff",
        f"\u202a{ADDRESS}\u202c",
        "".join(chr(ord(sign) + 0xFEE0) if sign.isdigit() else sign for sign in ADDRESS),
        f"https://app.hyperliquid.xyz/explorer/address/{ADDRESS}",
        f"https://hypurrscan.io/address/{ADDRESS.upper()}#perps",
        f"https://www.coinglass.com/hyperliquid/{ADDRESS}?from=x",
        f"https://example.org/?user={ADDRESS}&tab=1",
        f"https://example.org/?user=%30x{ADDRESS[2:]}",
        f"hyperliquid:{ADDRESS}",
        f"{ADDRESS}/{ADDRESS.upper()}",
    ],
)
def test_an_address_is_found_however_it_is_pasted(pasted):
    assert address_of(pasted) == ADDRESS


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        (ADDRESS[:-1], "An address has 40 digits after 0x, not 39 as "),
        (f"{ADDRESS}f", "has 40 digits after 0x, not 41"),
        ("0x1", "has 40 digits after 0x, not 1 as '0x1'"),
        ("0x", "has 40 digits after 0x, not 0"),
        ("0xa11c…0abc", "is shortened. Paste the whole address"),
        ("0xa11c...0abc", "is shortened"),
        (HASH, "That is the hash of a transaction: it has 64 digits after 0x, an address has 40."),
        (f"https://hypurrscan.io/tx/{HASH}", "That is the hash of a transaction"),
        ("vitalik.eth", "Names such as 'vitalik.eth' are not looked up here."),
        ("whale.hl", "Names such as 'whale.hl' are not looked up here."),
        (ADDRESS.replace("b", "g"), "'g' in '0xa11ce"),
        (ADDRESS.replace("a", "\u0430"), "'\u0430' in '0x"),
        ("https://hypurrscan.io/", "There is no address in that link"),
        ("BTC", "'BTC' is no address of an account: that is 0x and 40 digits."),
        (f"{ADDRESS} {ADDRESS[:-1]}1", "One account at a time: there are 2 addresses in that."),
    ],
)
def test_what_is_no_address_is_refused_with_what_is_wrong_with_it(pasted, said):
    with pytest.raises(UserError) as refused:
        address_of(pasted)
    assert said in str(refused.value)


@given(st.text(max_size=200))
def test_any_text_is_an_address_or_is_refused_in_words(text):
    try:
        found = address_of(text)
    except UserError as error:
        found = str(error)
    assert 0 < len(found) < 300
    assert not found.startswith("0x") or len(found) == 42

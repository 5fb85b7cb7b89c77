"""Where time zones are: by country, and by cities that the zone database does not name.

A place keeps its summer time, which no abbreviation and no offset does. Countries and their zones are those
of the IANA database (`iso3166.tab`, `zone.tab`); of those with several, where most people live is named.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

_BY_ZONE: Mapping[str, str] = {
    "America/New_York": "boston miami washington washington_dc atlanta philadelphia orlando charlotte nyc",
    "America/Chicago": "houston dallas austin san_antonio minneapolis nashville new_orleans st_louis",
    "America/Denver": "salt_lake_city albuquerque el_paso",
    "America/Los_Angeles": "san_francisco sf la seattle las_vegas san_diego portland silicon_valley",
    "America/Toronto": "ottawa montreal quebec",
    "America/Sao_Paulo": "rio rio_de_janeiro brasilia curitiba belo_horizonte porto_alegre",
    "America/Mexico_City": "guadalajara puebla",
    "America/Argentina/Buenos_Aires": "cordoba rosario",
    "America/Bogota": "medellin cali",
    "America/Guayaquil": "quito",
    "Europe/London": "manchester birmingham liverpool leeds edinburgh glasgow cardiff oxford cambridge",
    "Europe/Berlin": "munich muenchen munchen frankfurt hamburg cologne koln stuttgart leipzig dusseldorf",
    "Europe/Paris": "lyon marseille toulouse nice bordeaux lille",
    "Europe/Madrid": "barcelona valencia seville sevilla bilbao malaga",
    "Europe/Lisbon": "porto",
    "Europe/Rome": "milan milano naples napoli turin torino florence venice",
    "Europe/Amsterdam": "rotterdam the_hague utrecht",
    "Europe/Zurich": "geneva basel bern lausanne zug",
    "Europe/Warsaw": "krakow wroclaw gdansk poznan",
    "Europe/Kyiv": "lviv odesa odessa kharkiv dnipro",
    "Europe/Moscow": "st_petersburg saint_petersburg kazan nizhny_novgorod",
    "Europe/Istanbul": "ankara izmir antalya",
    "Asia/Jerusalem": "haifa",
    "Asia/Dubai": "abu_dhabi sharjah",
    "Asia/Riyadh": "jeddah mecca",
    "Asia/Karachi": "lahore islamabad",
    "Asia/Kolkata": "mumbai bombay delhi new_delhi bangalore bengaluru hyderabad chennai pune ahmedabad goa",
    "Asia/Bangkok": "chiang_mai phuket pattaya",
    "Asia/Ho_Chi_Minh": "hanoi saigon hcmc da_nang",
    "Asia/Makassar": "bali denpasar",
    "Asia/Shanghai": "beijing peking shenzhen guangzhou hangzhou chengdu wuhan",
    "Asia/Tokyo": "osaka kyoto nagoya yokohama sapporo fukuoka",
    "Asia/Seoul": "busan incheon",
    "Asia/Kuala_Lumpur": "penang johor_bahru",
    "Asia/Manila": "cebu davao quezon_city",
    "Australia/Sydney": "canberra",
    "Australia/Brisbane": "gold_coast",
    "Pacific/Auckland": "wellington christchurch",
    "Africa/Johannesburg": "cape_town durban pretoria",
    "Africa/Lagos": "abuja",
    "Africa/Casablanca": "marrakesh marrakech rabat",
    "Pacific/Honolulu": "hawaii",
}
CITIES: Mapping[str, str] = {city: zone for zone, cities in _BY_ZONE.items() for city in cities.split()}
"""Cities that the zone database does not name, each with its zone."""
BROKEN_OFFSETS: Mapping[str, str] = {
    "+3:30": "Asia/Tehran",
    "+4:30": "Asia/Kabul",
    "+5:30": "Asia/Kolkata",
    "+5:45": "Asia/Kathmandu",
    "+6:30": "Asia/Yangon",
    "+9:30": "Australia/Darwin",
    "-9:30": "Pacific/Marquesas",
}
"""Offsets that are no whole hours, each with a place that keeps it all year."""
_ALSO = {
    **dict.fromkeys(("uk", "great britain", "england", "scotland", "wales", "united kingdom"), "GB"),
    **dict.fromkeys(("usa", "us", "america", "united states of america"), "US"),
    **dict.fromkeys(("uae", "emirates"), "AE"),
    **dict.fromkeys(("south korea", "korea"), "KR"),
    **dict.fromkeys(("holland", "the netherlands"), "NL"),
    **dict.fromkeys(("czechia", "czech republic"), "CZ"),
    **dict.fromkeys(("turkey", "turkiye"), "TR"),
    **dict.fromkeys(("burma", "myanmar"), "MM"),
    "deutschland": "DE",
    "espana": "ES",
    "brasil": "BR",
    "vietnam": "VN",
    "ivory coast": "CI",
}
"""What countries are called besides."""
_MAIN: Mapping[str, Sequence[str]] = {
    "AR": ("America/Argentina/Buenos_Aires",),
    "CN": ("Asia/Shanghai",),
    "CY": ("Asia/Nicosia",),
    "DE": ("Europe/Berlin",),
    "ES": ("Europe/Madrid",),
    "KZ": ("Asia/Almaty",),
    "MY": ("Asia/Kuala_Lumpur",),
    "NZ": ("Pacific/Auckland",),
    "PS": ("Asia/Gaza",),
    "PT": ("Europe/Lisbon",),
    "UA": ("Europe/Kyiv",),
    "UZ": ("Asia/Tashkent",),
    "VN": ("Asia/Ho_Chi_Minh",),
    "CL": ("America/Santiago",),
    "EC": ("America/Guayaquil",),
    "US": ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles"),
    "CA": ("America/Toronto", "America/Winnipeg", "America/Edmonton", "America/Vancouver"),
    "AU": ("Australia/Sydney", "Australia/Brisbane", "Australia/Adelaide", "Australia/Perth"),
    "BR": ("America/Sao_Paulo", "America/Manaus", "America/Rio_Branco"),
    "RU": ("Europe/Moscow", "Asia/Yekaterinburg", "Asia/Novosibirsk", "Asia/Vladivostok"),
    "MX": ("America/Mexico_City", "America/Cancun", "America/Tijuana"),
    "ID": ("Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"),
}
"""Of countries with several zones in the database those that people live by."""
_MOST = 5


def cities_of_country(name: str) -> Sequence[str]:
    """Return the zones that a country lives by, as `Europe/Berlin` for `germany`; none for no country."""
    code = _ALSO.get(name) or _countries().get(name)
    return () if code is None else _MAIN.get(code, _zones_by_country().get(code, ())[:_MOST])


def without_accents(text: str) -> str:
    """Return a text in plain letters: `Sao Paulo` for `São Paulo`."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


@cache
def _countries() -> Mapping[str, str]:
    """Return the codes of countries by their English names in small letters."""
    rows = (line.split("\t") for line in _lines("iso3166.tab"))
    return {without_accents(name).lower(): code for code, name, *_ in rows}


@cache
def _zones_by_country() -> Mapping[str, Sequence[str]]:
    zones: defaultdict[str, list[str]] = defaultdict(list)
    for line in _lines("zone.tab"):
        code, _, zone, *_ = line.split("\t")
        zones[code].append(zone)
    return zones


def _lines(name: str) -> Sequence[str]:
    text = (files("tzdata.zoneinfo") / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]

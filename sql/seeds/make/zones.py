"""Time zones by country, state and airport: zones_by_place, and by city in countries of several clocks: zones_by_city.

Countries and their zones come from the IANA database's zone.tab (package tzdata), states from ISO 3166-2 (pycountry),
airports from airportsdata. Which zone a state keeps is IANA's comment in zone.tab, put into ISO's codes below.
"""

import functools
import unicodedata
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from importlib.resources import files
from zoneinfo import ZoneInfo, reset_tzpath

import airportsdata
import pycountry

reset_tzpath(to=[])  # the package's zones, not the machine's

# Zones whose clocks agree in these years are one.
FIRST, END = datetime(2015, 1, 1, tzinfo=timezone.utc), datetime(2036, 1, 1, tzinfo=timezone.utc)

ANY = "*"

# Two zones in zone.tab, but everybody who prints a time there prints the first: China's law knows Beijing time alone;
# carriers of the EU's Cyprus and of Ukraine do not serve the parts that keep another clock.
ONE_BY_LAW = {"CN": "Asia/Shanghai", "CY": "Asia/Nicosia", "UA": "Europe/Kyiv"}

# Of several zones with one clock the one of the capital, where zone.tab has another first. Kosovo has no line there.
CAPITAL = {"UZ": "Asia/Tashkent", "XK": "Europe/Belgrade"}

# No states in ISO 3166-2, or islands without inhabitants: only airports have rows.
WITHOUT_STATES = {"AQ", "PF", "UM"}

# Zone -> states. ANY is the states of ISO 3166-2 that are not named. A state that keeps several clocks has its capital's
# or its largest city's and is in SPLIT.
STATES = {
    "AU": {
        "Australia/Sydney": "ACT NSW", "Australia/Melbourne": "VIC", "Australia/Brisbane": "QLD", "Australia/Adelaide": "SA",
        "Australia/Darwin": "NT", "Australia/Perth": "WA", "Australia/Hobart": "TAS",
    },
    "BR": {
        "America/Sao_Paulo": "DF ES GO MG PR RJ RS SC SP", "America/Campo_Grande": "MS", "America/Cuiaba": "MT",
        "America/Bahia": "BA", "America/Maceio": "AL SE", "America/Recife": "PE", "America/Fortaleza": "CE MA PB PI RN",
        "America/Araguaina": "TO", "America/Belem": "AP PA", "America/Porto_Velho": "RO", "America/Boa_Vista": "RR",
        "America/Manaus": "AM", "America/Rio_Branco": "AC",
    },
    "CA": {
        "America/St_Johns": "NL", "America/Halifax": "NS PE", "America/Moncton": "NB", "America/Toronto": "ON QC",
        "America/Winnipeg": "MB", "America/Regina": "SK", "America/Edmonton": "AB NT", "America/Vancouver": "BC",
        "America/Whitehorse": "YT", "America/Iqaluit": "NU",
    },
    "CD": {"Africa/Kinshasa": "BC EQ KG KL KN MN MO NU SU TU", "Africa/Lubumbashi": ANY},
    "CL": {"America/Coyhaique": "AI", "America/Punta_Arenas": "MA", "America/Santiago": ANY},
    "EC": {"Pacific/Galapagos": "W", "America/Guayaquil": ANY},
    "ES": {"Atlantic/Canary": "CN GC TF", "Africa/Ceuta": "CE ML", "Europe/Madrid": ANY},
    "FM": {"Pacific/Chuuk": "TRK YAP", "Pacific/Pohnpei": "PNI", "Pacific/Kosrae": "KSA"},
    "GL": {"America/Nuuk": ANY},
    # The regions KA (Kalimantan) and NU, SL, ML, PP stand beside their provinces; KA keeps two clocks and has no row.
    "ID": {
        "Asia/Pontianak": "KB KT", "Asia/Makassar": "BA GO KI KS KU NB NT NU SA SG SL SN SR ST",
        "Asia/Jayapura": "MA ML MU PA PB PD PE PP PS PT", "Asia/Jakarta": ANY,
    },
    "KI": {"Pacific/Tarawa": "G", "Pacific/Kanton": "P", "Pacific/Kiritimati": "L"},
    "KZ": {
        "Asia/Aqtobe": "15", "Asia/Atyrau": "23", "Asia/Oral": "27", "Asia/Qostanay": "39", "Asia/Qyzylorda": "43",
        "Asia/Aqtau": "47", "Asia/Almaty": ANY,
    },
    "MN": {"Asia/Hovd": "043 046 071", "Asia/Ulaanbaatar": ANY},
    "MX": {
        "America/Tijuana": "BCN", "America/Hermosillo": "SON", "America/Mazatlan": "BCS NAY SIN", "America/Chihuahua": "CHH",
        "America/Monterrey": "COA DUR NLE TAM", "America/Merida": "CAM YUC", "America/Cancun": "ROO", "America/Mexico_City": ANY,
    },
    "NZ": {"Pacific/Chatham": "CIT", "Pacific/Auckland": ANY},
    "PG": {"Pacific/Bougainville": "NSB", "Pacific/Port_Moresby": ANY},
    "PT": {"Atlantic/Azores": "20", "Atlantic/Madeira": "30", "Europe/Lisbon": ANY},
    "RU": {
        "Europe/Kaliningrad": "KGD", "Europe/Kirov": "KIR", "Europe/Volgograd": "VGG", "Europe/Astrakhan": "AST",
        "Europe/Saratov": "SAR", "Europe/Ulyanovsk": "ULY", "Europe/Samara": "SAM UD",
        "Asia/Yekaterinburg": "BA CHE KGN KHM ORE PER SVE TYU YAN", "Asia/Omsk": "OMS", "Asia/Novosibirsk": "NVS",
        "Asia/Barnaul": "AL ALT", "Asia/Tomsk": "TOM", "Asia/Novokuznetsk": "KEM", "Asia/Krasnoyarsk": "KK KYA TY",
        "Asia/Irkutsk": "BU IRK", "Asia/Chita": "ZAB", "Asia/Yakutsk": "AMU SA", "Asia/Vladivostok": "KHA PRI YEV",
        "Asia/Magadan": "MAG", "Asia/Sakhalin": "SAK", "Asia/Kamchatka": "KAM", "Asia/Anadyr": "CHU", "Europe/Moscow": ANY,
    },
    "US": {
        "America/New_York": "CT DC DE FL GA KY MA MD ME NC NH NJ NY OH PA RI SC VA VT WV", "America/Detroit": "MI",
        "America/Indiana/Indianapolis": "IN", "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
        "America/Denver": "CO MT NM UT WY", "America/Boise": "ID", "America/Phoenix": "AZ",
        "America/Los_Angeles": "CA NV OR WA", "America/Anchorage": "AK", "Pacific/Honolulu": "HI",
        "America/Puerto_Rico": "PR", "America/St_Thomas": "VI", "Pacific/Guam": "GU", "Pacific/Saipan": "MP",
        "Pacific/Pago_Pago": "AS",
    },
}

# States without a row, because no clock is theirs.
UNPLACED = {("ID", "KA"), ("US", "UM")}

# Parts of these keep another clock than their row's.
SPLIT = {
    "AU": "NSW WA", "BR": "AM PE", "CA": "BC NL NU ON QC SK", "CL": "VS", "GL": "AV SM", "MX": "CHH COA NAY NLE TAM",
    "RU": "SA SAK", "US": "AK AZ FL ID IN KS KY MI ND NE NV OR SD TN TX",
}

# Airports to which airportsdata gives a neighbour's zone. They were found by comparing all airports with the rows of their
# states that keep one clock.
CORRECTED = {
    "BUA": "Pacific/Bougainville", "AIR": "America/Cuiaba", "ARS": "America/Sao_Paulo",
    **dict.fromkeys(("WPR", "WPU", "PNT"), "America/Punta_Arenas"),
    **dict.fromkeys(("YDA", "YDB", "YMA", "YOC", "YQH", "YZW", "ZFA"), "America/Whitehorse"),
}

# How Shopify names Mexican states in its addresses, where it is not ISO's code. Its other countries use ISO's, of some with
# the country before it (PT-20).
ALSO_CALLED = {
    "MX": {
        "AGS": "AGU", "BC": "BCN", "CAMP": "CAM", "CHIS": "CHP", "CHIH": "CHH", "DF": "CMX", "COAH": "COA", "DGO": "DUR",
        "GTO": "GUA", "HGO": "HID", "MICH": "MIC", "NL": "NLE", "QRO": "QUE", "Q ROO": "ROO", "TAMPS": "TAM", "TLAX": "TLA",
    },
}


@functools.cache
def clock(zone):
    """A zone's offset from UTC on each day."""
    place, out, at = ZoneInfo(zone), [], FIRST
    while at < END:
        out.append(at.astimezone(place).utcoffset())
        at += timedelta(days=1)
    return tuple(out)


def zone_table():
    """zone.tab: country -> zones, the main one first."""
    table = defaultdict(list)
    for line in files("tzdata").joinpath("zoneinfo", "zone.tab").read_text().splitlines():
        if line and not line.startswith("#"):
            country, _, zone = line.split("\t")[:3]
            table[country].append(zone)
    return table


def states(country):
    return {s.code.removeprefix(country + "-") for s in pycountry.subdivisions.get(country_code=country) or []}


def state_rows(country, zones):
    """Rows of the states of a country with several clocks. Stops when a state of ISO's is left without a decision."""
    left = states(country) - {state for c, state in UNPLACED if c == country}
    split, placed = SPLIT.get(country, "").split(), {}
    for zone, named in zones.items():
        for state in sorted(left - set(placed)) if named == ANY else named.split():
            if state not in left or state in placed:
                raise SystemExit(f"zones.py: state {country}-{state} is not in ISO 3166-2, or is placed twice")
            placed[state] = zone
    if left != set(placed) or not left.issuperset(split):
        raise SystemExit(f"zones.py: of {country}, place or strike {sorted(left ^ set(placed))}; split {split}")
    for name, code in ALSO_CALLED.get(country, {}).items():
        placed[name] = placed[code]
        split += [name] if code in split else []
    return [[country, state, ANY, zone, "true" if state in split else "false"] for state, zone in placed.items()]


def place_rows():
    rows = [[country, ANY, ANY, zone, "false"] for country, zone in CAPITAL.items()]
    for country, zones in zone_table().items():
        if country in CAPITAL or country in WITHOUT_STATES:
            continue
        if country in STATES:
            rows += state_rows(country, STATES[country])
        elif country in ONE_BY_LAW or len({clock(zone) for zone in zones}) == 1:
            rows.append([country, ANY, ANY, ONE_BY_LAW.get(country, zones[0]), "false"])
        else:
            raise SystemExit(f"zones.py: {country} keeps several clocks ({', '.join(zones)}): place its states")
    return rows


def airport_rows(places):
    """Airports by IATA code, and cities of several airports (LON) by theirs, unless an airport has the same.

    airportsdata has some zones of a neighbour or under an old name: in a country with one clock the airport has that, and
    elsewhere the name that zone.tab has for the same clock.
    """
    whole = {country: zone for country, state, _, zone, _ in places if state == ANY}
    table, rows = zone_table(), {}
    for code, airport in airportsdata.load("IATA").items():
        country, zone = airport["country"], CORRECTED.get(code, airport["tz"])
        if country in whole:
            zone = whole[country]
        elif zone not in table[country]:
            zone = next((z for z in table[country] if clock(z) == clock(zone)), zone)
        rows[code] = [country, ANY, code, zone, "false"]
    for city, members in airportsdata.load_iata_macs().items():
        found = {(rows[code][0], rows[code][3]) for code in members["airports"]}
        if city not in rows and len(found) == 1:
            (country, zone), = found
            rows[city] = [country, ANY, city, zone, "false"]
    return list(rows.values())


def plain(text):
    """As a carrier writes a place: capitals without accents."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(c for c in letters if not unicodedata.combining(c)).upper().strip()


def city_rows(airports):
    """Cities with an airport, in countries of several clocks. Of one name in two zones there is no row."""
    zone_of = {airport: zone for _, _, airport, zone, _ in airports}
    found = defaultdict(set)
    for code, airport in airportsdata.load("IATA").items():
        if airport["country"] in STATES and airport["city"]:
            found[airport["country"], plain(airport["city"])].add(zone_of[code])
    return sorted([country, city, min(zones)] for (country, city), zones in found.items() if len({clock(z) for z in zones}) == 1)


def seeds():
    places = place_rows()
    airports = airport_rows(places)
    header = ["country", "state", "airport", "zone", "is_split"]
    return {
        "zones_by_place": (header, sorted(places + airports)),
        "zones_by_city": (["country", "city", "zone"], city_rows(airports)),
    }

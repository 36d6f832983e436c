"""What the zone labels mean that partners print beside wall times: zone_labels.

The offset is what the label says, whatever the date: a partner who prints CET all the year round keeps a zone, and its
contract says so. Whether a label is ambiguous is looked up in the IANA database and added from OTHERS, for labels that other
places use although IANA does not (it dropped invented ones in its release 2017a).
"""

import functools
from collections import defaultdict
from datetime import timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

from zones import END, FIRST

# label: (minutes east of UTC, a zone whose clock bears it, in words). Spelt as IANA does, but in capitals.
LABELS = {
    "UTC": (0, "UTC", "Coordinated Universal Time"),
    "Z": (0, "UTC", "Coordinated Universal Time, as ISO 8601 writes it"),
    "GMT": (0, "Europe/London", "Greenwich Mean Time"),
    "BST": (60, "Europe/London", "British Summer Time"),
    "WET": (0, "Europe/Lisbon", "Western European Time"),
    "WEST": (60, "Europe/Lisbon", "Western European Summer Time"),
    "CET": (60, "Europe/Paris", "Central European Time"),
    "CEST": (120, "Europe/Paris", "Central European Summer Time"),
    "MEZ": (60, "Europe/Berlin", "Central European Time in German"),
    "MESZ": (120, "Europe/Berlin", "Central European Summer Time in German"),
    "EET": (120, "Europe/Athens", "Eastern European Time"),
    "EEST": (180, "Europe/Athens", "Eastern European Summer Time"),
    "MSK": (180, "Europe/Moscow", "Moscow Time"),
    "TRT": (180, "Europe/Istanbul", "Türkiye Time"),
    "IST": (330, "Asia/Kolkata", "India Standard Time"),
    "IDT": (180, "Asia/Jerusalem", "Israel Daylight Time"),
    "GST": (240, "Asia/Dubai", "Gulf Standard Time"),
    "PKT": (300, "Asia/Karachi", "Pakistan Standard Time"),
    "ICT": (420, "Asia/Bangkok", "Indochina Time"),
    "WIB": (420, "Asia/Jakarta", "Western Indonesia Time"),
    "WITA": (480, "Asia/Makassar", "Central Indonesia Time"),
    "WIT": (540, "Asia/Jayapura", "Eastern Indonesia Time"),
    "SGT": (480, "Asia/Singapore", "Singapore Time"),
    "MYT": (480, "Asia/Kuala_Lumpur", "Malaysia Time"),
    "HKT": (480, "Asia/Hong_Kong", "Hong Kong Time"),
    "PHT": (480, "Asia/Manila", "Philippine Time"),
    "JST": (540, "Asia/Tokyo", "Japan Standard Time"),
    "KST": (540, "Asia/Seoul", "Korea Standard Time"),
    "AWST": (480, "Australia/Perth", "Australian Western Standard Time"),
    "ACST": (570, "Australia/Adelaide", "Australian Central Standard Time"),
    "ACDT": (630, "Australia/Adelaide", "Australian Central Daylight Time"),
    "AEST": (600, "Australia/Sydney", "Australian Eastern Standard Time"),
    "AEDT": (660, "Australia/Sydney", "Australian Eastern Daylight Time"),
    "NZST": (720, "Pacific/Auckland", "New Zealand Standard Time"),
    "NZDT": (780, "Pacific/Auckland", "New Zealand Daylight Time"),
    "CHST": (600, "Pacific/Guam", "Chamorro Standard Time"),
    "SST": (-660, "Pacific/Pago_Pago", "Samoa Standard Time"),
    "HST": (-600, "Pacific/Honolulu", "Hawaii Standard Time"),
    "HDT": (-540, "America/Adak", "Hawaii-Aleutian Daylight Time"),
    "AKST": (-540, "America/Anchorage", "Alaska Standard Time"),
    "AKDT": (-480, "America/Anchorage", "Alaska Daylight Time"),
    "PST": (-480, "America/Los_Angeles", "Pacific Standard Time"),
    "PDT": (-420, "America/Los_Angeles", "Pacific Daylight Time"),
    "MST": (-420, "America/Denver", "Mountain Standard Time"),
    "MDT": (-360, "America/Denver", "Mountain Daylight Time"),
    "CST": (-360, "America/Chicago", "Central Standard Time"),
    "CDT": (-300, "America/Chicago", "Central Daylight Time"),
    "EST": (-300, "America/New_York", "Eastern Standard Time"),
    "EDT": (-240, "America/New_York", "Eastern Daylight Time"),
    "AST": (-240, "America/Halifax", "Atlantic Standard Time"),
    "ADT": (-180, "America/Halifax", "Atlantic Daylight Time"),
    "NST": (-210, "America/St_Johns", "Newfoundland Standard Time"),
    "NDT": (-150, "America/St_Johns", "Newfoundland Daylight Time"),
    "BRT": (-180, "America/Sao_Paulo", "Brasília Time"),
    "WAT": (60, "Africa/Lagos", "West Africa Time"),
    "CAT": (120, "Africa/Maputo", "Central Africa Time"),
    "SAST": (120, "Africa/Johannesburg", "South Africa Standard Time"),
    "EAT": (180, "Africa/Nairobi", "East Africa Time"),
}

# Other meanings that IANA's data of these years does not have: minutes east of UTC.
OTHERS = {
    "AST": [180],   # Arabia Standard Time
    "BST": [360],   # Bangladesh Standard Time
    "CST": [570],   # Central Standard Time in Australia, IANA's label until 2014
    "EST": [600],   # Eastern Standard Time in Australia, IANA's label until 2014
    "GST": [-120],  # South Georgia Time
    "SST": [480],   # Singapore Standard Time
    "WST": [480],   # Western Standard Time in Australia, IANA's label until 2014
}


@functools.cache
def in_use():
    """Labels of all zones of the IANA database in the years from FIRST: label -> offsets in minutes."""
    found = defaultdict(set)
    for zone in files("tzdata").joinpath("zones").read_text().split():
        place, at = ZoneInfo(zone), FIRST
        while at < END:
            local = at.astimezone(place)
            found[local.tzname().upper()].add(int(local.utcoffset().total_seconds()) // 60)
            at += timedelta(days=7)
    return found


def seeds():
    rows = []
    for label, (offset, zone, words) in LABELS.items():
        others = sorted((in_use().get(label, set()) | set(OTHERS.get(label, []))) - {offset})
        rows.append([label, offset, zone, words, "true" if others else "false", " ".join(f"{o:+d}" for o in others)])
    header = ["label", "utc_offset_minutes", "zone", "taken_for", "is_ambiguous", "other_offsets"]
    return {"zone_labels": (header, sorted(rows))}

"""Working-day calendars of the countries that the brands ship to: calendars and their weekends, worked weekends, holidays.

Dates and English names come from the package `holidays`, which names the law or decree of each. What it leaves open, or
what carriers do otherwise, is decided in the tables below, each with its reason.
"""

from datetime import date, timedelta

import holidays
import pycountry

FIRST, LAST = date(2015, 1, 1), date(2035, 12, 31)

# The year in which the packages were taken. Estimates before it are over, so they say nothing about how far a calendar is
# certain.
TAKEN = 2026

# The nations of Great Britain and Northern Ireland have calendars of their own; the subdivision is the package's.
NATIONS = {
    "GB-EAW": ("GB", "ENG", "England and Wales"),
    "GB-SCT": ("GB", "SCT", "Scotland"),
    "GB-NIR": ("GB", "NIR", "Northern Ireland"),
}

# Countries with one calendar, named by their ISO code. Not here: Ukraine, whose holidays have been suspended since 2022 by
# martial law, Russia and Belarus, to which nobody here ships.
COUNTRIES = (
    "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK "
    "AD AL CH GG GI IM IS JE LI MC MD ME MK NO RS SM "
    "AE BH CA CL CN AU BR HK IL IN JP KR KW MX MY NZ OM QA SA SG TH TR TW US ZA"
).split()

# The package's category `public` counts. In Hong Kong that is the statutory holidays; the other general holidays, when banks
# and offices are closed too, are `optional`. Sweden's three eves are as Sundays by its holidays act (Semesterlag 1977:480,
# section 3 a) though no public holidays. The Canadian calendar is the federal one of the Canada Labour Code, which Canada
# Post keeps too, because only five holidays are common to all provinces.
CATEGORIES = {"HK": ("optional", "public"), "SE": ("public", "de_facto"), "CA": ("government", "public")}

# Where the states decide, the package gives only what all of them keep: of Switzerland four days, of Australia nothing that
# is off on Monday for a holiday on Sunday, of Malaysia no New Year. There a day counts when more than half of the states
# (cantons) keep it.
BY_MAJORITY = {"AU", "CH", "MY"}

# Listed by the package, but carriers and warehouses work: the Dutch government calls Good Friday no official day off and
# leaves 5 May, which the package lists every fifth year, to the employer (rijksoverheid.nl, officiële feestdagen).
WORKED = {"NL": {"Good Friday", "Liberation Day"}}

# Dates by the sighting of the moon that the package gives without saying so unless asked.
SIGHTED = {"SA"}

# Weekends as ISO weekdays, Monday 1. All others have Saturday and Sunday; of Hong Kong the package knows only Sunday, but
# CLDR and the offices have Saturday too. The Emirates moved theirs on 1 January 2022 and have worked half of Friday since
# (UAE government, December 2021).
SATURDAY_SUNDAY = [((6, 7), FIRST, LAST)]
FRIDAY_SATURDAY = [((5, 6), FIRST, LAST)]
WEEKENDS = {
    "AE": [((5, 6), FIRST, date(2021, 12, 31)), ((6, 7), date(2022, 1, 1), LAST)],
    **dict.fromkeys(("BH", "IL", "KW", "OM", "QA", "SA"), FRIDAY_SATURDAY),
}


def days(country, state=None):
    """The package's days of a country or one of its states: {date: name} from FIRST to LAST, and the weekend days worked."""
    entity = getattr(holidays, country)
    # From a year earlier: the day off for a holiday at its end may lie in FIRST's year.
    options = {"subdiv": state, "years": range(FIRST.year - 1, LAST.year + 1)}
    options["categories"] = CATEGORIES.get(country, ("public",))
    for language in ("en_US", "en_GB"):
        if language in entity.supported_languages:
            options["language"] = language
            break
    if country in SIGHTED:
        options["islamic_show_estimated"] = True
    found = entity(**options)
    worked = {day for day in found.weekend_workdays if FIRST <= day <= LAST and day not in found}
    return {day: name for day, name in found.items() if FIRST <= day <= LAST}, worked


def majority(country):
    """Days that more than half of a country's states keep. Names with a blank are of cities, not ISO 3166-2's."""
    states = [state for state in holidays.list_supported_countries()[country] if " " not in state]
    kept = {}
    for state in states:
        for day, name in days(country, state)[0].items():
            kept.setdefault(day, []).append(name)
    return {day: max(sorted(set(names)), key=names.count) for day, names in kept.items() if 2 * len(names) > len(states)}


def calendar(country, state):
    """A calendar's holidays and the weekend days that are worked for bridges by decree."""
    found, worked = days(country, state)
    if country in BY_MAJORITY:
        found = majority(country)
    ignored = WORKED.get(country, set())
    return {day: name for day, name in found.items() if name not in ignored}, worked


def certain_to(found, worked):
    """The last day before what is only estimated, or before the decrees on bridges end where the government moves weekends.

    Law may always change; this is about what is known to be open.
    """
    ends = [LAST]
    estimated = [day for day, name in found.items() if "estimated" in name and day.year >= TAKEN]
    if estimated:
        ends.append(min(estimated) - timedelta(days=1))
    if worked and max(worked).year >= TAKEN:
        ends.append(date(max(worked).year, 12, 31))
    return min(ends)


def has_regional_holidays(country, state, found):
    """Whether a part of the country keeps a day in the year TAKEN that the calendar does not have."""
    if state:
        return False
    for region in holidays.list_supported_countries().get(country, []):
        theirs, _ = days(country, region)
        if any(day.year == TAKEN and day not in found for day in theirs):
            return True
    return False


def seeds():
    names = {c: (c, None, None) for c in COUNTRIES}
    headers = {
        "calendars": ["calendar", "country", "name", "is_default", "known_from", "known_to", "certain_to", "has_regional_holidays"],
        "calendar_weekends": ["calendar", "iso_weekday", "weekend_from", "weekend_to"],
        "calendar_worked_weekends": ["calendar", "worked_on"],
        "calendar_holidays": ["calendar", "holiday_on", "name"],
    }
    rows = {name: [] for name in headers}
    for code, (country, state, name) in sorted({**names, **NATIONS}.items()):
        found, worked = calendar(country, state)
        iso = pycountry.countries.get(alpha_2=country)
        rows["calendars"].append([
            code, country, name or getattr(iso, "common_name", iso.name), boolean(code == "GB-EAW" or not state),
            FIRST, LAST, certain_to(found, worked), boolean(has_regional_holidays(country, state, found)),
        ])
        for weekdays, start, end in WEEKENDS.get(code, SATURDAY_SUNDAY):
            rows["calendar_weekends"] += [[code, weekday, start, end] for weekday in weekdays]
        rows["calendar_worked_weekends"] += [[code, day] for day in sorted(worked)]
        rows["calendar_holidays"] += [[code, day, name] for day, name in sorted(found.items())]
    return {name: (headers[name], rows[name]) for name in headers}


def boolean(value):
    return "true" if value else "false"

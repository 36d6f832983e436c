"""Codes of currencies that money may be in: currencies.

ISO 4217 as pycountry has it, without codes that are no money of anybody (metals, units of account, tests), and with those that were
withdrawn since the calendars begin: a partner's file of that time still names them.
"""

import pycountry

NO_MONEY = {"XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"}

# code: name. Withdrawn since 2015 (ISO 4217, list 3).
FORMER = {
    "ANG": "Netherlands Antillean Guilder",
    "BGN": "Bulgarian Lev",
    "BYR": "Belarusian Ruble",
    "CUC": "Peso Convertible",
    "HRK": "Croatian Kuna",
    "LTL": "Lithuanian Litas",
    "MRO": "Mauritanian Ouguiya",
    "SLL": "Sierra Leonean Leone",
    "STD": "Dobra",
    "VEF": "Bolívar",
    "ZWL": "Zimbabwe Dollar",
}


def seeds():
    names = {c.alpha_3: c.name for c in pycountry.currencies if c.alpha_3 not in NO_MONEY}
    return {"currencies": (["currency", "name"], sorted({**FORMER, **names}.items()))}

"""Codes of currencies that money may be in: currencies.

ISO 4217 as pycountry has it, without codes that are no money of anybody (metals, units of account, tests), and with those that were
withdrawn since the calendars begin: a partner's file of that time still names them. How many of its smallest unit make one says ISO's own
list, as iso4217 has it; of those that were withdrawn, or of which that list says nothing, the table and the default below.
"""

from decimal import Decimal

import iso4217
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


# Digits after the point of withdrawn currencies that had none; the others had two.
FORMER_DIGITS = {"BYR": 0}
USUAL_DIGITS = 2


def digits(code):
    """Digits of the smallest unit after the point: 2 for EUR, 0 for JPY, 3 for KWD."""
    told = iso4217.raw_table.get(code, {}).get("CcyMnrUnts")
    return int(told) if told and told.isdigit() else FORMER_DIGITS.get(code, USUAL_DIGITS)


def seeds():
    names = {c.alpha_3: c.name for c in pycountry.currencies if c.alpha_3 not in NO_MONEY}
    rows = [(code, name, 10 ** digits(code), str(Decimal(1).scaleb(-digits(code)))) for code, name in sorted({**FORMER, **names}.items())]
    return {"currencies": (["currency", "name", "minor_per_unit", "minor_amount"], rows)}

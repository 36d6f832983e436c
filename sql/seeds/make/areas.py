"""What the beginning of a postcode says of a destination: destination_areas.

GB: areas and districts of the Royal Mail's postcodes. Which districts carriers count to the Highlands and islands differs a
little from carrier to carrier; these are the ones that DPD lists as Northern Highlands, Argyll, Orkney and Shetland, with Arran
and Cumbrae (KA27, KA28) and the end of PA as UPS lists them. What DPD lists besides as not reached the next day, around
Aberdeen and in Perthshire, is scotland_remote. Numbers in a range without a district do no harm.
  DPD: support.shiptheory.com, article 24000056882. UPS: the extended and remote areas in Sellar's courier rates,
  intercom.help/sellario, article 9739738. Isles of Scilly and of Wight: TR21 to TR25, PO30 to PO41.

ES: the first two digits are the province. PT: 90 to 94 is Madeira, 95 to 99 the Azores. Of both, the digits tell the zone.
"""

# All areas of the Royal Mail's postcodes, so that an area that is not one is a miss. BX is for banks, without an address.
ENGLAND_WALES = (
    "AL B BA BB BD BH BL BN BR BS CA CB CF CH CM CO CR CT CV CW DA DE DH DL DN DT DY E EC EN EX FY GL GU HA HD HG HP HR HU HX "
    "IG IP KT L LA LD LE LL LN LS LU M ME MK N NE NG NN NP NR NW OL OX PE PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS "
    "ST SW SY TA TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO"
).split()
SCOTLAND = "AB DD DG EH FK G KA KY ML PA PH TD".split()
HIGHLANDS = "HS IV KW ZE".split()

# Areas that are not on the mainland of Great Britain: calendar, zone, region. Forces' mail (BF) leaves from England.
ELSEWHERE = {
    "BT": ("GB-NIR", "Europe/London", "northern_ireland"),
    "IM": ("IM", "Europe/Isle_of_Man", "isle_of_man"),
    "JE": ("JE", "Europe/Jersey", "channel_islands"),
    "GY": ("GG", "Europe/Guernsey", "channel_islands"),
    "BF": ("GB-EAW", "Europe/London", "bfpo"),
}

# Districts of an area that differ from it: area, first, last, calendar, region. Berwick (TD15) is in England.
DISTRICTS = [
    ("AB", 31, 35, "GB-SCT", "scotland_remote"),
    ("AB", 36, 38, "GB-SCT", "highlands_islands"),
    ("AB", 41, 54, "GB-SCT", "scotland_remote"),
    ("AB", 55, 56, "GB-SCT", "highlands_islands"),
    ("FK", 17, 21, "GB-SCT", "highlands_islands"),
    ("KA", 27, 28, "GB-SCT", "highlands_islands"),
    ("PA", 20, 80, "GB-SCT", "highlands_islands"),
    ("PH", 15, 16, "GB-SCT", "scotland_remote"),
    ("PH", 17, 50, "GB-SCT", "highlands_islands"),
    ("PO", 30, 41, "GB-EAW", "isle_of_wight"),
    ("TD", 15, 15, "GB-EAW", "mainland"),
    ("TR", 21, 25, "GB-EAW", "isles_of_scilly"),
]

# Provinces of Spain that are not on its mainland: zone, region.
SPANISH = {
    "07": ("Europe/Madrid", "balearic_islands"),
    "35": ("Atlantic/Canary", "canary_islands"),
    "38": ("Atlantic/Canary", "canary_islands"),
    "51": ("Africa/Ceuta", "ceuta_melilla"),
    "52": ("Africa/Ceuta", "ceuta_melilla"),
}


def british():
    rows = [["GB", area, "area", "GB-EAW", "Europe/London", "mainland"] for area in ENGLAND_WALES]
    rows += [["GB", area, "area", "GB-SCT", "Europe/London", "mainland"] for area in SCOTLAND]
    rows += [["GB", area, "area", "GB-SCT", "Europe/London", "highlands_islands"] for area in HIGHLANDS]
    rows += [["GB", area, "area", *elsewhere] for area, elsewhere in ELSEWHERE.items()]
    for area, first, last, calendar, region in DISTRICTS:
        rows += [["GB", f"{area}{n}", "district", calendar, "Europe/London", region] for n in range(first, last + 1)]
    return rows


def spanish():
    provinces = [f"{n:02d}" for n in range(1, 53)]
    return [["ES", p, "area", "ES", *SPANISH.get(p, ("Europe/Madrid", "mainland"))] for p in provinces]


def portuguese():
    rows = [["PT", str(n), "area", "PT", "Europe/Lisbon", "mainland"] for n in range(10, 90)]
    rows += [["PT", str(n), "area", "PT", "Atlantic/Madeira", "madeira"] for n in range(90, 95)]
    return rows + [["PT", str(n), "area", "PT", "Atlantic/Azores", "azores"] for n in range(95, 100)]


def seeds():
    header = ["country", "prefix", "prefix_kind", "calendar", "zone", "region"]
    return {"destination_areas": (header, sorted(british() + spanish() + portuguese()))}

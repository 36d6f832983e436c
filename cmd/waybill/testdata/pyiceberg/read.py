"""Read every table of a lake with pyiceberg: all rows into Parquet files, and what it sees of partitions and properties as JSON.

Settings come as JSON on standard input: catalog (pyiceberg's own settings), out (a folder), namespaces, brands.
"""

import json
import os
import sys

import pyarrow.parquet as parquet
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import EqualTo, IsNull

settings = json.load(sys.stdin)
catalog = SqlCatalog("lake", **settings["catalog"])
seen = {}
for namespace in settings["namespaces"]:
    for name in catalog.list_tables(namespace):
        table = catalog.load_table(name)
        rows = table.scan().to_arrow()
        parquet.write_table(rows, os.path.join(settings["out"], ".".join(name) + ".parquet"))
        snapshot = table.current_snapshot()
        by_brand = {}
        partitions = [f.name for f in table.spec().fields]
        if "brand" in partitions:
            for brand in settings["brands"]:
                by_brand[brand] = table.scan(row_filter=EqualTo("brand", brand)).to_arrow().num_rows
            by_brand["null"] = table.scan(row_filter=IsNull("brand")).to_arrow().num_rows
        seen[".".join(name)] = {
            "rows": rows.num_rows,
            "partitions": partitions,
            "identifiers": sorted(table.schema().identifier_field_names()),
            "by_brand": by_brand,
            "properties": dict(table.properties),
            "summary": dict(snapshot.summary.additional_properties) if snapshot else {},
        }
json.dump(seen, sys.stdout)

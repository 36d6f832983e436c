"""Read every column of tables of a lake with Spark SQL, names unquoted and ANSI's reserved words refused, into Parquet files.

Settings come as JSON on standard input: catalog (Iceberg's settings of the catalog), out (a folder), tables (name to columns).
"""

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from pyspark.sql import SparkSession

settings = json.load(sys.stdin)
builder = (
    SparkSession.builder.appName("waybill")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.ansi.enabled", "true")
    .config("spark.sql.ansi.enforceReservedKeywords", "true")
    .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    .config("spark.sql.defaultCatalog", "lake")
    .config("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog")
)
for name, value in settings["catalog"].items():
    builder = builder.config("spark.sql.catalog.lake." + name, value)
spark = builder.getOrCreate()
spark.sparkContext.setLogLevel("ERROR")


def read(table):
    name, columns = table
    rows = spark.sql("select " + ", ".join(columns) + " from " + name)
    rows.coalesce(1).write.parquet(os.path.join(settings["out"], name))
    return name


with ThreadPoolExecutor(4) as pool:
    json.dump(list(pool.map(read, settings["tables"].items())), sys.stdout)

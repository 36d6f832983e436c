/*
description: >-
  Stock by site, SKU and day, as counted, beside what the day before and the movements since come to. What differs is the residual: a movement
  that the warehouse has not told, or a count that is wrong. A count that lacks many SKUs is not taken for zeros.
grain: one row per site, SKU and day of a count
key: [source, site, sku, stock_on]
unit: none
owner: operations
columns:
  source: {description: the warehouse, not_null: true}
  site: {description: "the site's code in its files; none where they name none", not_null: true}
  sku: {description: stock keeping unit, not_null: true}
  stock_on: {description: site day of the count, not_null: true}
  snapshot_at: {description: when it was counted, not_null: true}
  told:
    description: "counted; absent: a whole count does not tell the SKU, so there is none; not_told: the count is not whole, and nobody knows"
    not_null: true
    accepted: [counted, absent, not_told]
  coverage_share: "SKUs that the count tells of the most in the fourteen before, 0 to 1; null for a site's first"
  units_on_hand: units there; null when not told
  units_allocated: "of these, promised to orders; null where the warehouse does not say"
  units_available: "of these, to be sold; null where the warehouse does not say"
  units_quarantine: "of these, kept apart"
  units_received: {description: from suppliers since the count before, not_null: true}
  units_despatched: {description: "left for orders since the count before, without sign", not_null: true}
  units_returned: {description: came back from customers since the count before, not_null: true}
  units_adjusted: {description: "corrected since the count before, with sign", not_null: true}
  units_transferred: {description: "from and to other sites since the count before, with sign", not_null: true}
  units_written_off: {description: "written off since the count before, without sign", not_null: true}
  units_unmapped: {description: "moved by kinds that nobody has mapped, with sign", not_null: true}
  known_on: "the last day before of which the stock is known; null for the first"
  units_before: units on hand then
  units_expected: "what should be there: units_before and all movements since; null for the first count and where no movements are told"
  units_residual: what is there less what should be; null where either is unknown
  _file_id: file of the count
  _line: line in it; null for a SKU that it does not tell
  _built_at: the instant that the run asked about
checks:
  - rows: "units_residual is null or units_residual = units_on_hand - units_expected"
*/
with stock_daily as (
    select
        d.source,
        d.site,
        d.sku,
        d.stock_on,
        d.snapshot_at,
        d.told,
        d.coverage_share,
        d.units_on_hand,
        d.units_allocated,
        d.units_available,
        d.units_quarantine,
        d.units_received,
        d.units_despatched,
        d.units_returned,
        d.units_adjusted,
        d.units_transferred,
        d.units_written_off,
        d.units_unmapped,
        d.known_on,
        d.units_before,
        d.units_before + d.units_since as units_expected,
        d.units_on_hand - (d.units_before + d.units_since) as units_residual,
        d._file_id,
        d._line,
        k.as_of as _built_at
    from intermediate.int_stock_days as d
    cross join ops.clock as k
    -- A SKU that is not there, and of which none should be, is no news.
    where d.told = 'counted' or d.units_before + d.units_since <> 0 or d.units_before <> 0
)

select * from stock_daily

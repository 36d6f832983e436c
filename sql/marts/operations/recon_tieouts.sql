/*
description: >-
  How two systems tie out, check by check and brand by brand: everything that either has is matched, different, not to be
  compared or on one side only, and what of that is a break by now. The rest is still on its way.
grain: one row per check and brand
key: [check_id, brand]
unit: none
owner: operations
tags: [finance]
columns:
  check_id: the check, as in fct_breaks, or PSP R14 for shop captures against PSP captures
  brand: the brand
  pair: the two sides
  left_count: {description: documents that the first has, not_null: true}
  matched_count: {description: "of these, those that the second has too and that agree", not_null: true}
  different_count: {description: documents that both have with another value, not_null: true}
  uncompared_count: {description: documents that both have and that know no currency in common, not_null: true}
  left_only_count: {description: documents that the second lacks, not_null: true}
  right_only_count: {description: documents that the first lacks, not_null: true}
  breaks_count: {description: "open breaks of the check, of R05 those of parcels that were never scanned", not_null: true}
  _built_at: the instant that the run asked about
checks:
  - relationship: {column: brand, to: marts.dim_brands, field: brand}
  - rows: "left_count = matched_count + different_count + uncompared_count + left_only_count"
*/
with sums as (
    select
        check_id,
        brand,
        min(pair) as pair,
        count(case when has_left then 1 end) as left_count,
        count(case when has_left and has_right and not is_different and not is_uncompared then 1 end) as matched_count,
        count(case when is_different then 1 end) as different_count,
        count(case when is_uncompared then 1 end) as uncompared_count,
        count(case when not has_right then 1 end) as left_only_count,
        count(case when not has_left then 1 end) as right_only_count
    from intermediate.int_tieout_pairs
    where brand is not null
    group by check_id, brand
),

breaks as (
    select check_id, brand, count(*) as breaks_count
    from marts.fct_breaks
    where check_id <> 'R05' or kind = 'never_scanned'
    group by check_id, brand
),

recon_tieouts as (
    select
        s.check_id,
        s.brand,
        s.pair,
        s.left_count,
        s.matched_count,
        s.different_count,
        s.uncompared_count,
        s.left_only_count,
        s.right_only_count,
        coalesce(b.breaks_count, 0) as breaks_count,
        k.as_of as _built_at
    from sums as s
    left join breaks as b on b.check_id = s.check_id and b.brand = s.brand
    cross join ops.clock as k
)

select * from recon_tieouts

/*
description: Whether each feed of each partner has come, and what had to be left out of it.
grain: one row per source and feed
key: [source, feed]
unit: none
owner: operations
list:
  where: is_late
  clock: [expected_by_at]
  show: [last_file_name, expected_by_at]
columns:
  source: the partner, or the shop
  feed: what it sends
  pipeline: the definition that pulls it
  tables: raw tables that it fills
  last_file_name: the newest file, by the partner's time
  last_file_at: the partner's time of the newest file, or when it was received where the partner gives none or a later one
  last_received_at: when a new file was last received
  expected_by_at: the latest past instant by which a file should have been there; null where nothing is promised
  is_late: no file has come since the promise before that one; null where nothing is promised
  files_count: {description: "files received, every version of each", not_null: true}
  loaded_count: {description: "of these, loaded", not_null: true}
  duplicates_count: {description: "of these, the same bytes under another name", not_null: true}
  superseded_count: {description: "of these, replaced by a later version", not_null: true}
  held_count: {description: "of these, held and not replaced", not_null: true}
  records_count: {description: records in loaded files, not_null: true}
  rejected_count: {description: records in loaded files that broke their contract, not_null: true}
  reject_share: rejected records among all of the loaded files; null without records
  gaps_count: {description: numbers that the partner's count skipped, not_null: true}
  _built_at: the instant that the run asked about
checks:
  - rows: "files_count >= loaded_count + duplicates_count + superseded_count + held_count"
  - sum_equal:
      left: sum(gaps_count)
      right: select count(*) from marts.feed_gaps
*/
-- A partner's clock that is ahead must not make its feed early: a file cannot be younger than its receipt.
with dated as (
    select
        f.*,
        case when f.modified_at <= f.received_at then f.modified_at else f.received_at end as file_at
    from ops.files as f
    inner join ops.clock as k on f.received_at <= k.as_of
),

files as (
    select
        f.*,
        row_number() over (
            partition by f.source, f.feed
            order by f.file_at desc, f.name desc
        ) as recency
    from dated as f
),

counted as (
    select
        source,
        feed,
        max(case when recency = 1 then name end) as last_file_name,
        max(file_at) as last_file_at,
        max(received_at) as last_received_at,
        count(*) as files_count,
        count(case when status = 'loaded' then 1 end) as loaded_count,
        count(case when status = 'duplicate' then 1 end) as duplicates_count,
        count(case when status = 'superseded' then 1 end) as superseded_count,
        count(case when status = 'held' then 1 end) as held_count,
        sum(case when status = 'loaded' then records else 0 end) as records_count,
        sum(case when status = 'loaded' then rejected else 0 end) as rejected_count
    from files
    group by source, feed
),

gaps as (
    select source, feed, count(*) as gaps_count
    from marts.feed_gaps
    group by source, feed
),

feed_health as (
    select
        f.source,
        f.feed,
        f.pipeline,
        f.tables,
        c.last_file_name,
        c.last_file_at,
        c.last_received_at,
        d.due_at as expected_by_at,
        case when d.due_at is not null then coalesce(c.last_file_at <= d.previous_due_at, true) end as is_late,
        coalesce(c.files_count, 0) as files_count,
        coalesce(c.loaded_count, 0) as loaded_count,
        coalesce(c.duplicates_count, 0) as duplicates_count,
        coalesce(c.superseded_count, 0) as superseded_count,
        coalesce(c.held_count, 0) as held_count,
        cast(coalesce(c.records_count, 0) as bigint) as records_count,
        cast(coalesce(c.rejected_count, 0) as bigint) as rejected_count,
        cast(c.rejected_count as double) / nullif(cast(c.records_count as double), 0) as reject_share,
        coalesce(g.gaps_count, 0) as gaps_count,
        k.as_of as _built_at
    from ops.feeds as f
    left join counted as c on c.source = f.source and c.feed = f.feed
    left join intermediate.int_feed_deadlines as d on d.source = f.source and d.feed = f.feed
    left join gaps as g on g.source = f.source and g.feed = f.feed
    cross join ops.clock as k
)

select * from feed_health

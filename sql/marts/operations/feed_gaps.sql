/*
description: Numbers that a partner's count of files skipped. A number that turns up late leaves this list by itself.
grain: one row per source, feed and missing number
key: [source, feed, missing_sequence]
unit: none
owner: operations
list: {by: [source, feed], show: [name_before, name_after]}
columns:
  source: the partner
  feed: what it sends
  missing_sequence: a number between the smallest and the largest that no file has
  name_before: the file with the next smaller number
  name_after: the file with the next greater number
  noticed_at: when a file with a greater number was first received
  _built_at: the instant that the run asked about
*/
with numbered as (
    select
        f.source,
        f.feed,
        f.sequence as number,
        min(f.name) as name,
        min(f.received_at) as received_at
    from ops.files as f
    inner join ops.feeds as e on e.source = f.source and e.feed = f.feed and e.is_numbered
    inner join ops.clock as k on f.received_at <= k.as_of
    where f.sequence > 0 and f.status in ('loaded', 'duplicate', 'superseded', 'held')
    group by f.source, f.feed, f.sequence
),

neighbours as (
    select
        *,
        lead(number) over (partition by source, feed order by number) as number_after,
        lead(name) over (partition by source, feed order by number) as name_after,
        min(received_at) over (
            partition by source, feed
            order by number
            rows between 1 following and unbounded following
        ) as noticed_at
    from numbered
),

feed_gaps as (
    select
        n.source,
        n.feed,
        t.missing_sequence,
        n.name as name_before,
        n.name_after,
        n.noticed_at,
        k.as_of as _built_at
    from neighbours as n
    cross join unnest(sequence(n.number + 1, n.number_after - 1)) as t(missing_sequence)
    cross join ops.clock as k
    where n.number_after > n.number + 1
)

select * from feed_gaps

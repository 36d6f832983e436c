-- Questions to partners, for worklists. Each macro reads CTEs of the worklist by their names, so that a worklist reads its own partner's tables and
-- none of another's.

-- How long a question rests after so many failures in a row: half an hour, then twice as long each time, at most a day.
create or replace macro rest_after(failures) as to_minutes(cast(least(1440, 30 * power(2, least(failures, 7) - 1)) as bigint));

-- The state of each question that was asked: when it was last answered, and how often it has failed since, with the instant at which it is due
-- again. asks has _source, ask, outcome and _received_at, and nothing that came later than the run asks about: an answer counts from the instant
-- that the run which got it asked about, its wall clock is later. answers are the outcomes with which there is nothing left to ask. What the
-- partner refused to the whole account (refused) is no failure of a question.
create or replace macro questions(asks, answers) as table (
    with answered as (
        select _source, ask, max(_received_at) as answered_at
        from query_table(asks)
        where list_contains(answers, outcome)
        group by _source, ask
    ),
    failed as (
        select n._source, n.ask, max(n._received_at) as failed_at, count(distinct n._received_at) as failures
        from query_table(asks) as n
        left join answered as a on a._source = n._source and a.ask = n.ask
        where not list_contains(answers, n.outcome) and n.outcome <> 'refused' and (a.answered_at is null or n._received_at > a.answered_at)
        group by n._source, n.ask
    )
    select
        coalesce(a._source, f._source) as _source,
        coalesce(a.ask, f.ask) as ask,
        a.answered_at,
        coalesce(f.failures, 0) as failures,
        f.failed_at + rest_after(f.failures) as due_at
    from answered as a
    full join failed as f on f._source = a._source and f.ask = a.ask
);

-- Parcels to ask a carrier about, with their place in the order of urgency: those that do not fail before those that do; parcels due today, then
-- those never asked about, then those asked longest ago. None is asked again within the pause. A delivered parcel is asked for three more days
-- (late proof, damage), and until the thirtieth once a day (the customer may send it back under its number); one that came back or was destroyed no more; after 90 days carriers have forgotten it.
-- parcels: source, tracking_no, begun_at, is_outbound, as_of. asked: questions(…). scans: _source, tracking_no, status, rank_no, occurred_at, what the
-- answer says of the parcel as a whole among them. estimates: _source, tracking_no, estimated_on.
create or replace macro parcels_to_ask(parcels, asked, scans, estimates, pause) as table (
    with ranked as (
        select
            e._source,
            e.tracking_no,
            e.status,
            e.occurred_at,
            row_number() over (
                partition by e._source, e.tracking_no
                order by case when e.rank_no >= 20 then 1 else 0 end desc, e.occurred_at desc, e.rank_no desc, e.status
            ) as recency
        from query_table(scans) as e
        inner join query_table(parcels) as p on p.source = e._source and p.tracking_no = e.tracking_no
        -- What happened well before the despatch was to another parcel of that number.
        where e.occurred_at is not null and (not p.is_outbound or e.occurred_at >= p.begun_at - interval '7' day)
    )
    select
        p.source,
        p.tracking_no,
        row_number() over (
            order by
                case when q.failures > 0 then 1 else 0 end,
                case
                    when s.status = 'out_for_delivery' then 0
                    when s.status in ('delivered', 'delivered_damaged') then 3
                    when h.estimated_on <= cast(p.as_of at time zone 'Europe/London' as date) then 0
                    when q.answered_at is null then 1
                    else 2
                end,
                q.answered_at,
                p.begun_at,
                p.tracking_no
        ) as place
    from query_table(parcels) as p
    left join query_table(asked) as q on q._source = p.source and q.ask = p.tracking_no
    left join ranked as s on s._source = p.source and s.tracking_no = p.tracking_no and s.recency = 1
    left join query_table(estimates) as h on h._source = p.source and h.tracking_no = p.tracking_no
    where (q.answered_at is null or q.answered_at <= p.as_of - pause)
        and (q.due_at is null or q.due_at <= p.as_of)
        and p.begun_at > p.as_of - interval '90' day
        and (s.status is null or s.status not in ('returned', 'cancelled', 'destroyed'))
        and (
            s.status is null
            or s.status not in ('delivered', 'delivered_damaged')
            or s.occurred_at > p.as_of - interval '3' day
            or (s.occurred_at > p.as_of - interval '30' day and (q.answered_at is null or q.answered_at <= p.as_of - interval '1' day))
        )
);

-- What a parameter of an address says, null where it is not there.
create or replace macro url_parameter(url, name) as
    nullif(system.main.regexp_extract(url, '[?&]' || name || '=([^&]+)', 1), '');

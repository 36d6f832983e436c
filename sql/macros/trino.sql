-- Macros that make DuckDB mean what Trino means, under Trino's names. Inside a macro the built-in function is reached as
-- system.main.<name>. Each was compared with Trino 476; the tests in transforms/models hold the values.

-- Whole units elapsed, not boundaries crossed. Of dates both are the same.
create or replace macro date_diff(unit, a, b) as system.main.date_sub(unit, a, b);

-- Months end on the last day there is. Of a date it gives a timestamp here and a date in Trino, so cast(… as date) goes around it.
create or replace macro date_add(unit, n, d) as
    case lower(unit)
        when 'millisecond' then d + to_milliseconds(n)
        when 'second' then d + to_seconds(n)
        when 'minute' then d + to_minutes(n)
        when 'hour' then d + to_hours(n)
        when 'day' then d + to_days(cast(n as integer))
        when 'week' then d + to_weeks(cast(n as integer))
        when 'month' then d + to_months(cast(n as integer))
        when 'quarter' then d + to_months(cast(3 * n as integer))
        when 'year' then d + to_years(cast(n as integer))
        else error('date_add: unknown unit ' || unit)
    end;

-- A wall time in a zone to the instant.
create or replace macro with_timezone(ts, zone) as system.main.timezone(zone, ts);

-- An instant to the wall time in a zone. In Trino the result still carries the zone, so it always stands inside
-- cast(… as timestamp) or cast(… as date), which agree.
create or replace macro at_timezone(ts, zone) as system.main.timezone(zone, ts);

create or replace macro regexp_like(s, pattern) as system.main.regexp_matches(s, pattern);

-- All matches, not the first. Groups in the replacement are written differently (\1 here, $1 in Trino): not used.
create or replace macro regexp_replace
    (s, pattern) as system.main.regexp_replace(s, pattern, '', 'g'),
    (s, pattern, replacement) as system.main.regexp_replace(s, pattern, replacement, 'g');

-- Null without a match, not the empty text. A group that matched the empty text gives the empty text.
create or replace macro regexp_extract
    (s, pattern) as
        case when system.main.regexp_matches(s, pattern) then system.main.regexp_extract(s, pattern) end,
    (s, pattern, grp) as
        case when system.main.regexp_matches(s, pattern) then system.main.regexp_extract(s, pattern, grp) end;

-- Null past the end, not the empty text.
create or replace macro split_part(s, delimiter, n) as
    case
        when n <= system.main.len(system.main.string_split(s, delimiter))
            then system.main.split_part(s, delimiter, n)
    end;

create or replace macro array_join
    (list, delimiter) as system.main.array_to_string(list, delimiter),
    (list, delimiter, null_text) as
        system.main.array_to_string(system.main.list_transform(list, lambda x: coalesce(cast(x as varchar), null_text)), delimiter);

create or replace macro cardinality(list) as system.main.len(list);

create or replace macro sequence
    (start, stop) as system.main.generate_series(start, stop),
    (start, stop, step) as system.main.generate_series(start, stop, step);

-- Monday is 1, Sunday 7.
create or replace macro day_of_week(d) as system.main.isodow(d);

create or replace macro last_day_of_month(d) as system.main.last_day(d);

create or replace macro to_unixtime(ts) as system.main.epoch(ts);

-- Null for an object or a list, not its text.
create or replace macro json_extract_scalar(j, path) as
    case
        when system.main.json_type(j, path) not in ('OBJECT', 'ARRAY') then system.main.json_extract_string(j, path)
    end;

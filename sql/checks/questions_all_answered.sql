/*
description: >-
  Tracking numbers, orders and payouts that a partner does not answer for (marts.unanswered_questions), by what came instead. Ask the partner
  about those that keep failing; a number that is none was mistyped where it comes from.
grain: one row per source, subject and problem
key: [source, subject, problem]
owner: operations
severity: warn
*/
with questions_all_answered as (
    select
        source,
        subject,
        problem,
        count(*) as questions_count,
        max(failures) as most_failures,
        min(ask) as example_ask
    from marts.unanswered_questions
    group by source, subject, problem
)

select * from questions_all_answered

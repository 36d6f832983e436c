/*
description: >-
  Tracking numbers, orders and payouts that a partner does not answer for: it failed, refused the number, sent something that is no answer, or
  answered about another thing. Each is asked again after longer and longer pauses, at most a day. Ask the partner about those that keep failing; a
  number that is none was mistyped where it comes from.
grain: one row per source and thing
key: [source, subject, ask]
owner: operations
severity: warn
*/
with questions_all_answered as (
    select source, subject, ask, outcome, status_code, problem, failures, answered_at, asked_at, _file_id, _line
    from intermediate.int_questions
    where state = 'failing'
)

select * from questions_all_answered

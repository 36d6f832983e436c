/*
description: >-
  Tracking numbers, orders and payouts that a partner does not answer for: it failed, refused the number, sent something that is no answer, or
  answered about another thing. Each is asked again after longer and longer pauses, at most a day, and behind all others. A row goes away with
  its answer.
grain: one row per source and thing
key: [source, subject, ask]
unit: none
owner: operations
list:
  by: [source, subject]
  clock: [failures, asked_at]
  show: [outcome, problem]
columns:
  source: {description: who was asked, not_null: true}
  subject: {description: "parcel, order or payout", not_null: true, accepted: [parcel, order, payout]}
  ask: {description: "tracking number, order id or payout", not_null: true}
  outcome: {description: "what came the last time: other (about another thing), unusable (no answer) or failed", not_null: true, accepted: [other, unusable, failed]}
  status_code: of HTTP; 0 when nothing came
  problem: why what came is no answer
  failures: {description: runs in which it was asked without an answer since the last one, not_null: true}
  answered_at: "as of when it was last answered; null if never"
  asked_at: {description: "when it was last asked, by the clock on the wall", not_null: true}
  _file_id: file of the last question
  _line: line in it
  _built_at: the instant that the run asked about
*/
with unanswered_questions as (
    select
        q.source,
        q.subject,
        q.ask,
        q.outcome,
        q.status_code,
        q.problem,
        q.failures,
        q.answered_at,
        q.asked_at,
        q._file_id,
        q._line,
        k.as_of as _built_at
    from intermediate.int_questions as q
    cross join ops.clock as k
    where q.state = 'failing'
)

select * from unanswered_questions

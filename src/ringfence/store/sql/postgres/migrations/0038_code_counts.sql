-- Verifications and their sendings by day (UTC, days since 1970) and service, counted as they are made and change, and
-- what their texts and calls cost. `lane` is whose count it is; all of them together are the count.
CREATE TABLE code_count (
  account text COLLATE "C" NOT NULL,
  day bigint NOT NULL,
  service text COLLATE "C" NOT NULL,
  measure text COLLATE "C" NOT NULL,
  channel text COLLATE "C" NOT NULL,
  refusal bigint NOT NULL,
  unit text COLLATE "C" NOT NULL,
  lane integer NOT NULL,
  number bigint NOT NULL,
  spent_micros bigint NOT NULL,
  PRIMARY KEY (account, day, service, measure, channel, refusal, unit, lane)
) WITH (fillfactor = 70);

INSERT INTO code_count (account, day, service, measure, channel, refusal, unit, lane, number, spent_micros)
SELECT account, created_ms / 86400000, service, 'started', '', 0, '', 0, count(*), 0
FROM verification WHERE status <> 'failed' GROUP BY 1, 2, 3;

INSERT INTO code_count (account, day, service, measure, channel, refusal, unit, lane, number, spent_micros)
SELECT account, created_ms / 86400000, service, 'approved', '', 0, '', 0, count(*), 0
FROM verification WHERE status = 'approved' GROUP BY 1, 2, 3;

INSERT INTO code_count (account, day, service, measure, channel, refusal, unit, lane, number, spent_micros)
SELECT account, at_ms / 86400000, service, CASE WHEN refusal IS NULL THEN 'sent' ELSE 'refused' END, channel, coalesce(refusal, 0), '',
  0, count(*), 0
FROM verification_attempt GROUP BY 1, 2, 3, 4, 5, 6;

INSERT INTO code_count (account, day, service, measure, channel, refusal, unit, lane, number, spent_micros)
SELECT account, at_ms / 86400000, service, 'converted', channel, 0, '', 0, count(*), 0
FROM verification_attempt WHERE converted GROUP BY 1, 2, 3, 5;

INSERT INTO code_count (account, day, service, measure, channel, refusal, unit, lane, number, spent_micros)
SELECT sent.account, sent.day, coalesce(service, ''), 'spent', coalesce(channel, ''), 0, unit, 0, 0, sum(micros)
FROM (
  SELECT account, sid, created_ms / 86400000 AS day, price_unit AS unit, price_micros AS micros
  FROM message WHERE substr(sid, 1, 2) = 'VL' AND place_ms IS NULL AND price_micros <> 0
  UNION ALL
  SELECT account, 'VL' || substr(sid, 3), created_ms / 86400000, price_unit, price_micros
  FROM call WHERE substr(parent_sid, 1, 2) = 'VE' AND price_micros <> 0
) AS sent LEFT JOIN verification_attempt AS attempt ON attempt.account = sent.account AND attempt.sid = sent.sid
GROUP BY 1, 2, 3, 5, 7;

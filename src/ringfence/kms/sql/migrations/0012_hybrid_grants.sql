-- Lids are sealed by the hybrid, and bound to a hash of the session's key: what was kept before opens no more.
DELETE FROM grant_box;
UPDATE kept_grant SET ended = 1, lid = x'' WHERE ended = 0;

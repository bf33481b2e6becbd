-- Tenants narrowed by status or beginnings are told from this index alone, also where few of many fit.
CREATE INDEX account_narrowed ON account (created_ms, sid, status, friendly_name) WHERE parent IS NULL;
DROP INDEX account_top;

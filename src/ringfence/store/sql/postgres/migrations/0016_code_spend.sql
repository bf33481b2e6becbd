-- What codes cost by the hour, with the most that each can cost: of an account with its subaccounts (owner is empty), and
-- of subaccounts and services that have bounds of their own.
CREATE TABLE code_spend (
  tenant TEXT NOT NULL,
  owner TEXT NOT NULL,
  hour_ms BIGINT NOT NULL,
  micros BIGINT NOT NULL,
  PRIMARY KEY (tenant, owner, hour_ms)
);

CREATE INDEX code_spend_age ON code_spend (hour_ms);

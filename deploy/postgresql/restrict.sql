-- What each role does without. Run it as a superuser or as ringfence_owner, after each `ringfence migrate`:
--   psql --file=restrict.sql ringfence
-- Again is a no-op.

-- History is the owner's alone.
REVOKE INSERT, UPDATE, DELETE ON ringfence.migration FROM ringfence_api, ringfence_dispatcher, ringfence_voice;

-- Dispatcher and voice neither sign anybody in, nor sell numbers, nor put them into pools.
REVOKE INSERT, UPDATE, DELETE ON ringfence.account, ringfence.credential, ringfence.number, ringfence.stock,
  ringfence.messaging_service, ringfence.pool_number, ringfence.sticky_sender
  FROM ringfence_dispatcher, ringfence_voice;

-- Nor do they ask for more than what they carry: what is for sale, who is looked up, whose second factor it is.
REVOKE ALL ON ringfence.stock, ringfence.credential_use,
  ringfence.lookup_override, ringfence.lookup_rule, ringfence.lookup_use,
  ringfence.verify_entity, ringfence.verify_factor, ringfence.verify_challenge, ringfence.verify_enrolment, ringfence.verify_rate
  FROM ringfence_dispatcher, ringfence_voice;

-- The consoles only read, but for what two of staff may do: thaw, pause a carrier, suspend or close an account, which
-- gives its numbers up. Others notice by the directory's version.
GRANT UPDATE (friendly_name, status, type, updated_ms) ON ringfence.account TO ringfence_console;
GRANT INSERT, DELETE ON ringfence.frozen TO ringfence_console;
GRANT DELETE ON ringfence.number, ringfence.pool_number, ringfence.sticky_sender TO ringfence_console;
GRANT INSERT, UPDATE ON ringfence.resting_number TO ringfence_console;
GRANT INSERT, UPDATE ON ringfence.directory_version TO ringfence_console;
-- And for what members set up. What it does is sealed, and the consoles can seal none of it.
GRANT INSERT, UPDATE (friendly_name, standing, updated_ms) ON ringfence.number TO ringfence_console;
GRANT DELETE ON ringfence.stock, ringfence.resting_number TO ringfence_console;
GRANT INSERT, UPDATE, DELETE ON ringfence.messaging_service TO ringfence_console;
GRANT INSERT ON ringfence.pool_number TO ringfence_console;
GRANT INSERT, UPDATE ON ringfence.verify_config TO ringfence_console;
-- And but for what staff say of an incident, and rates that two of them raise.
GRANT UPDATE (acknowledged_by, acknowledged_ms) ON ringfence.incident TO ringfence_console;
GRANT INSERT, UPDATE ON ringfence.allowed_rate TO ringfence_console;

-- The consoles do not look at what requests are signed in with, nor at second factors; what limits a key they see and set.
REVOKE SELECT ON ringfence.credential, ringfence.verify_entity, ringfence.verify_factor, ringfence.verify_challenge, ringfence.verify_enrolment
  FROM ringfence_console;
GRANT SELECT (account, sid, kind, friendly_name, created_ms, updated_ms, policy, networks, canary, watched, reaction),
  UPDATE (friendly_name, policy, networks, canary, watched, reaction, updated_ms), DELETE ON ringfence.credential TO ringfence_console;
GRANT DELETE ON ringfence.credential_use TO ringfence_console;

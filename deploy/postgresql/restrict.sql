-- What each role does without. Run it as a superuser or as ringfence_owner, after each `ringfence migrate`:
--   psql --file=restrict.sql ringfence
-- Again is a no-op.

-- History is the owner's alone.
REVOKE INSERT, UPDATE, DELETE ON ringfence.migration FROM ringfence_api, ringfence_dispatcher, ringfence_voice;

-- Dispatcher and voice neither sign anybody in, nor sell numbers, nor put them into pools.
REVOKE INSERT, UPDATE, DELETE ON ringfence.account, ringfence.credential, ringfence.number, ringfence.stock,
  ringfence.messaging_service, ringfence.pool_number, ringfence.sticky_sender
  FROM ringfence_dispatcher, ringfence_voice;

-- But calls know by an Access Token that a canary is used, whose owner may want its key or account frozen for it: voice
-- freezes a key whose owner wants that, or its account that is not closed, at a time that there is, to go on as it was, and
-- suspends what is frozen. It does nothing else to any account. Others notice by the directory's version. Neither of the two
-- thaws anything, and the dispatcher freezes nothing: it forgets what ended once that is told.
REVOKE UPDATE, DELETE ON ringfence.frozen FROM ringfence_dispatcher, ringfence_voice;
REVOKE INSERT ON ringfence.frozen FROM ringfence_dispatcher;
REVOKE INSERT, UPDATE ON ringfence.ended_freeze FROM ringfence_dispatcher;
REVOKE ALL ON ringfence.ended_freeze FROM ringfence_voice;
GRANT INSERT ON ringfence.ended_freeze TO ringfence_console;
GRANT UPDATE (status, updated_ms) ON ringfence.account TO ringfence_voice;
CREATE OR REPLACE FUNCTION ringfence.hold_voice_to_keys() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held boolean := true;
BEGIN
  IF session_user = 'ringfence_voice' THEN
    IF NEW.kind = 'account' THEN
      SELECT status INTO NEW.was FROM ringfence.account WHERE sid = NEW.name FOR UPDATE;
      held := FOUND AND NEW.was <> 'closed' AND EXISTS (SELECT 1 FROM ringfence.credential
        WHERE account = NEW.name AND (canary OR watched) AND reaction = 'freeze-account');
    ELSE
      NEW.was := '';
      held := NEW.kind = 'key' AND EXISTS (SELECT 1 FROM ringfence.credential
        WHERE sid = NEW.name AND (canary OR watched) AND reaction = 'freeze-key');
    END IF;
    -- Up to the year 9999, as times are written.
    held := held AND NEW.at_ms BETWEEN 0 AND 253402300799999;
  END IF;
  IF NOT held THEN
    RAISE EXCEPTION 'calls freeze keys whose owners want it, and their accounts' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER is_key BEFORE INSERT ON ringfence.frozen
  FOR EACH ROW EXECUTE FUNCTION ringfence.hold_voice_to_keys();
CREATE OR REPLACE FUNCTION ringfence.hold_voice_to_freezes() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF session_user = 'ringfence_voice' AND NOT (OLD.status <> 'closed' AND NEW.status = 'suspended'
    AND NEW.updated_ms BETWEEN OLD.updated_ms AND 253402300799999 AND EXISTS (SELECT 1 FROM ringfence.frozen WHERE kind = 'account' AND name = NEW.sid)) THEN
    RAISE EXCEPTION 'calls suspend what is frozen, and no more' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER is_frozen BEFORE UPDATE ON ringfence.account
  FOR EACH ROW EXECUTE FUNCTION ringfence.hold_voice_to_freezes();

-- Nor do they ask for more than what they carry: what is for sale, who is looked up, whose second factor it is.
REVOKE INSERT, UPDATE, DELETE ON ringfence.notice_address FROM ringfence_dispatcher, ringfence_voice;
REVOKE ALL ON ringfence.stock, ringfence.credential_use, ringfence.access_fence,
  ringfence.lookup_override, ringfence.lookup_rule, ringfence.lookup_use,
  ringfence.verify_entity, ringfence.verify_factor, ringfence.verify_challenge, ringfence.verify_enrolment, ringfence.verify_rate
  FROM ringfence_dispatcher, ringfence_voice;

-- What a declared duty keeps is written by whoever accepts it, and read by the operator's command alone, as the owner. The
-- dispatcher erases what is past its time, and nothing before that.
REVOKE SELECT, UPDATE, DELETE ON ringfence.retained FROM ringfence_api, ringfence_voice;
REVOKE SELECT, UPDATE ON ringfence.retained FROM ringfence_dispatcher;
GRANT SELECT (account, sid, part, until_ms) ON ringfence.retained TO ringfence_dispatcher;
REVOKE ALL ON ringfence.retained FROM ringfence_console;
CREATE OR REPLACE FUNCTION ringfence.hold_dispatcher_to_time() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF session_user = 'ringfence_dispatcher' AND OLD.until_ms > extract(epoch FROM clock_timestamp()) * 1000 THEN
    RAISE EXCEPTION 'what is retained is erased when its time has come' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER is_past BEFORE DELETE ON ringfence.retained
  FOR EACH ROW EXECUTE FUNCTION ringfence.hold_dispatcher_to_time();

-- Nobody but the API takes an invitation to make an account, or sees by what it is taken. Staff make open ones, list and
-- withdraw them.
REVOKE ALL ON ringfence.invitation FROM ringfence_dispatcher, ringfence_voice, ringfence_console;
GRANT SELECT (id, name, invited_by, created_ms, expires_ms, taken_ms, account),
  INSERT (digest, id, name, invited_by, created_ms, expires_ms), DELETE ON ringfence.invitation TO ringfence_console;

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
GRANT INSERT, UPDATE (name, settings, standing, updated_ms), DELETE ON ringfence.verify_config TO ringfence_console;
-- And but for what staff say of an incident, and rates that two of them raise, which end with their
-- number.
GRANT UPDATE (acknowledged_by, acknowledged_ms) ON ringfence.incident TO ringfence_console;
GRANT INSERT, UPDATE, DELETE ON ringfence.allowed_rate TO ringfence_console;
-- And where they have something told again. A lock on what it tells of wants a column that may be written.
GRANT UPDATE (state, due_ms, attempts, leased_ms, ready_ms) ON ringfence.event TO ringfence_console;
GRANT UPDATE (updated_ms) ON ringfence.message, ringfence.call TO ringfence_console;
GRANT DELETE ON ringfence.attempt TO ringfence_console;

-- The consoles do not look at what requests are signed in with, nor at second factors. What limits a key they see, and set
-- it no more: that comes by the key service, proved by a member.
REVOKE SELECT ON ringfence.credential, ringfence.verify_entity, ringfence.verify_factor, ringfence.verify_challenge, ringfence.verify_enrolment
  FROM ringfence_console;
GRANT SELECT (account, sid, kind, friendly_name, created_ms, updated_ms, policy, networks, canary, watched, reaction, ends_ms),
  UPDATE (friendly_name, updated_ms), DELETE ON ringfence.credential TO ringfence_console;
REVOKE UPDATE (policy, networks, canary, watched, reaction) ON ringfence.credential FROM ringfence_console;
GRANT DELETE ON ringfence.credential_use, ringfence.access_fence TO ringfence_console;

-- Whoever takes the consoles over may give a number up, and may not lead what comes to it elsewhere: what they give up
-- rests for those 90 days, and goes to no other account before that. What happens to one number happens in turn: each
-- sees what the one before left, which the consoles may not avoid by an older snapshot.
CREATE OR REPLACE FUNCTION ringfence.hold_console_to_rest() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  now_ms bigint;
  held boolean := true;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(CASE TG_OP WHEN 'DELETE' THEN OLD.number ELSE NEW.number END, 0));
  IF session_user = 'ringfence_console' THEN
    now_ms := extract(epoch FROM clock_timestamp()) * 1000;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      held := false;
    ELSIF TG_TABLE_NAME = 'number' AND TG_OP = 'INSERT' THEN
      held := NOT EXISTS (SELECT 1 FROM ringfence.resting_number AS rests
        WHERE rests.number = NEW.number AND rests.account <> NEW.account AND rests.until_ms > now_ms);
    ELSIF TG_TABLE_NAME = 'number' THEN
      held := EXISTS (SELECT 1 FROM ringfence.resting_number AS rests
        WHERE rests.number = OLD.number AND rests.account = OLD.account AND rests.until_ms > now_ms + 89 * 86400000::bigint);
    ELSIF TG_OP = 'INSERT' THEN
      held := EXISTS (SELECT 1 FROM ringfence.number AS owned
        WHERE owned.number = NEW.number AND owned.account = NEW.account);
    ELSIF TG_OP = 'UPDATE' THEN
      held := NEW.number = OLD.number
        AND (OLD.until_ms <= now_ms OR (NEW.account = OLD.account AND NEW.until_ms >= OLD.until_ms));
    ELSE
      held := OLD.until_ms <= now_ms OR EXISTS (SELECT 1 FROM ringfence.number AS owned
        WHERE owned.number = OLD.number AND owned.account = OLD.account);
    END IF;
  END IF;
  IF NOT held THEN
    RAISE EXCEPTION 'a number that was given up rests' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE TRIGGER rests BEFORE INSERT OR DELETE ON ringfence.number
  FOR EACH ROW EXECUTE FUNCTION ringfence.hold_console_to_rest();
CREATE OR REPLACE TRIGGER rests BEFORE INSERT OR UPDATE OR DELETE ON ringfence.resting_number
  FOR EACH ROW EXECUTE FUNCTION ringfence.hold_console_to_rest();

-- Of Verify the consoles set services, in settings that every process may read, and webhooks, whose addresses are sealed.
-- What else belongs to a service is none of theirs; nor is deleting one, which would end second factors.
CREATE OR REPLACE FUNCTION ringfence.hold_console_to_services() RETURNS trigger LANGUAGE plpgsql
  SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  held boolean := true;
BEGIN
  IF session_user = 'ringfence_console' THEN
    IF TG_OP = 'DELETE' THEN
      held := OLD.kind = 'webhook';
    ELSIF NEW.kind = 'webhook' THEN
      held := NEW.name = '' AND NEW.standing <> ''::bytea AND EXISTS (SELECT 1 FROM ringfence.verify_config AS service
        WHERE service.account = NEW.account AND service.sid = NEW.parent AND service.kind = 'service');
    ELSE
      held := NEW.kind = 'service' AND NEW.parent = '' AND NEW.name = '' AND NEW.standing = ''::bytea;
    END IF;
  END IF;
  IF NOT held THEN
    RAISE EXCEPTION 'the consoles set services and webhooks alone' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE OR REPLACE TRIGGER is_service BEFORE INSERT OR UPDATE OR DELETE ON ringfence.verify_config
  FOR EACH ROW EXECUTE FUNCTION ringfence.hold_console_to_services();

-- How often accounts, credentials, numbers and opt-outs changed: who keeps some of them looks whether they still stand.
CREATE TABLE directory_version (
  id bigint PRIMARY KEY CHECK (id = 1),
  version bigint NOT NULL
);

INSERT INTO directory_version VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);

CREATE FUNCTION count_directory_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- A row that was taken away begins later than it ended.
  INSERT INTO ringfence.directory_version AS kept VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
  ON CONFLICT (id) DO UPDATE SET version = kept.version + 1;
  RETURN NULL;
END
$$;

CREATE TRIGGER account_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON account
  FOR EACH STATEMENT EXECUTE FUNCTION count_directory_change();
CREATE TRIGGER credential_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON credential
  FOR EACH STATEMENT EXECUTE FUNCTION count_directory_change();
CREATE TRIGGER number_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON number
  FOR EACH STATEMENT EXECUTE FUNCTION count_directory_change();
CREATE TRIGGER opt_out_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON opt_out
  FOR EACH STATEMENT EXECUTE FUNCTION count_directory_change();

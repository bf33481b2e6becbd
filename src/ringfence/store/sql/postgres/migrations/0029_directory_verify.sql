-- Verify's configuration is of the directory too: each start and each check looks it up.
CREATE TRIGGER verify_config_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON verify_config
  FOR EACH STATEMENT EXECUTE FUNCTION count_directory_change();

-- Verify's configuration is of the directory too: each start and each check looks it up.
CREATE TRIGGER verify_config_insert AFTER INSERT ON verify_config BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER verify_config_update AFTER UPDATE ON verify_config BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER verify_config_delete AFTER DELETE ON verify_config BEGIN
  UPDATE directory_version SET version = version + 1;
END;

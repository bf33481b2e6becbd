-- How often accounts, credentials, numbers and opt-outs changed: who keeps some of them looks whether they still stand.
CREATE TABLE directory_version (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  version INTEGER NOT NULL
) STRICT;

INSERT INTO directory_version VALUES (1, 0);

CREATE TRIGGER account_insert AFTER INSERT ON account BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER account_update AFTER UPDATE ON account BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER account_delete AFTER DELETE ON account BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER credential_insert AFTER INSERT ON credential BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER credential_update AFTER UPDATE ON credential BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER credential_delete AFTER DELETE ON credential BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER number_insert AFTER INSERT ON number BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER number_update AFTER UPDATE ON number BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER number_delete AFTER DELETE ON number BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER opt_out_insert AFTER INSERT ON opt_out BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER opt_out_update AFTER UPDATE ON opt_out BEGIN
  UPDATE directory_version SET version = version + 1;
END;

CREATE TRIGGER opt_out_delete AFTER DELETE ON opt_out BEGIN
  UPDATE directory_version SET version = version + 1;
END;

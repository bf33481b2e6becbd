-- Credentials that may have something sealed and open nothing: the public half alone, no content key sealed to it.
CREATE TABLE sealer (
  account TEXT NOT NULL,
  credential TEXT NOT NULL,
  public BLOB NOT NULL,
  PRIMARY KEY (account, credential)
) STRICT, WITHOUT ROWID;

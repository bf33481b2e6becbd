-- How new what was last changed of who may use an account is: a process of the API that stood still writes nothing older
-- over it. `credential` is a key's SID, '' for the account's own networks and address for notices.
CREATE TABLE access_fence (
  account TEXT NOT NULL,
  credential TEXT NOT NULL,
  field TEXT NOT NULL,
  fence INTEGER NOT NULL,
  PRIMARY KEY (account, credential, field)
) STRICT, WITHOUT ROWID;

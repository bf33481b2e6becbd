-- How new what was last changed of who may use an account is: a process of the API that stood still writes nothing older
-- over it. `credential` is a key's SID, '' for the account's own networks and address for notices.
CREATE TABLE access_fence (
  account text NOT NULL,
  credential text NOT NULL,
  field text NOT NULL,
  fence bigint NOT NULL,
  PRIMARY KEY (account, credential, field)
);

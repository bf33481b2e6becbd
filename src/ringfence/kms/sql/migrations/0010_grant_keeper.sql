-- The session's public key: the lid's outer seal, which is the key service's, is bound to it.
ALTER TABLE kept_grant ADD COLUMN public BLOB NOT NULL DEFAULT x'';

-- What the carrier said of a text, a line each, and what was said in each attempt of a webhook, sealed.
ALTER TABLE message ADD COLUMN trail TEXT NOT NULL DEFAULT '';
ALTER TABLE attempt ADD COLUMN detail BLOB NOT NULL DEFAULT x'';
-- A carrier's own words stood here in the clear, and may have held the beginning of a text.
UPDATE event SET raw = '' WHERE kind <> 'message.received' AND raw <> '';

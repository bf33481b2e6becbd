-- Accounts are told of duties to retain metadata too, out of a frozen account as of all that they must be told.
DROP INDEX event_notice;
CREATE INDEX event_notice ON event (account, ready_ms)
  WHERE kind IN ('notice.blast', 'notice.freeze', 'notice.thaw', 'notice.duty');

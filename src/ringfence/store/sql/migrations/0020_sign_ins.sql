-- What was approved, by when: sign-ins are counted from it.
CREATE INDEX verification_approved ON verification (account, updated_ms) WHERE status = 'approved';
CREATE INDEX verify_challenge_approved ON verify_challenge (account, responded_ms) WHERE status = 'approved';

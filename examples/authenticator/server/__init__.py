"""The authenticator's server: it serves the app, keeps what it cannot read, and passes approvals on."""

"""The ledger on disk: one line an opening, a Merkle tree over all of them, and its signed checkpoint."""

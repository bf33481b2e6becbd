"""The ledger as mathematics: a Merkle tree, its proofs, tiles, notes and checkpoints. No clock, no disk, no network."""

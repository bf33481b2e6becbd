"""How content is sealed: which key opens what, and in which form each is kept. Pure; docs/why/keys.md says why."""

"""The control: the platform of August 2022, on which every drill must succeed for the attacker. Not in the wheel."""

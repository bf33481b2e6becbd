"""D27: a secret that leaked sends and reads nothing where clients sign; in the control it is enough."""

from ringfence.drills.design import OURS, control
from ringfence.drills.leaked_key import leaked_key


def test_d27_a_leaked_secret_is_not_enough_where_clients_sign() -> None:
    ours = leaked_key(OURS, 2)
    assert ours.reached == 0
    assert dict(ours.rows) == {"tries of the attacker": "16", "texts of tenants' own clients, taken": "2 of 2"}
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    assert leaked_key(theirs, 2).reached == 2

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.passkeys.passkey import Passkey, after_use
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal

KEPT = Passkey(
    credential_id=b"i" * 16,
    public_key=b"k",
    user_handle=b"u",
    sign_count=0,
    backup_eligible=True,
    backed_up=False,
    aaguid="00000000-0000-0000-0000-000000000000",
)


@given(before=st.integers(0, 2**32 - 1), after=st.integers(0, 2**32 - 1), copied=st.booleans())
def test_a_count_rises_or_is_none_at_all(before: int, after: int, copied: bool) -> None:
    kept = msgspec.structs.replace(KEPT, sign_count=before)
    if after > before or before == after == 0:
        used = after_use(kept, sign_count=after, backup_eligible=True, backed_up=copied)
        assert used == msgspec.structs.replace(kept, sign_count=after, backed_up=copied)
    else:
        with pytest.raises(PasskeyRefusedError) as refused:
            after_use(kept, sign_count=after, backup_eligible=True, backed_up=copied)
        assert refused.value.why is Refusal.COUNTER


@pytest.mark.parametrize("eligible", [True, False])
def test_whether_it_may_be_copied_never_changes(eligible: bool) -> None:
    kept = msgspec.structs.replace(KEPT, backup_eligible=eligible)
    after_use(kept, sign_count=1, backup_eligible=eligible, backed_up=False)
    with pytest.raises(PasskeyRefusedError) as refused:
        after_use(kept, sign_count=1, backup_eligible=not eligible, backed_up=False)
    assert refused.value.why is Refusal.BACKUP

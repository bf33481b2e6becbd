"""Approvals as push notices had them in 2022: as many as somebody sends, and a tap is a yes."""

from ringfence.drills.grant_room import Room, StaffBrowser, Tenant


class PushApprovals:
    """`drills.grant_approvals.Approvals` that nothing bounds and nothing ties to who asked."""

    def __init__(self, room: Room) -> None:
        self._sent = 0

    async def ask(self, browser: StaffBrowser, tenant: Tenant) -> str | None:
        self._sent += 1
        return str(self._sent)

    async def say_yes(self, request: str, browser: StaffBrowser, tenant: Tenant) -> bool:
        return True

    async def say_no(self, request: str, tenant: Tenant) -> None:
        return

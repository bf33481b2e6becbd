"""Sign-ins, counted in SQLite."""

from ringfence.domain.phishing_report import SignIns
from ringfence.store.sqlite_ground import SqliteGround
from ringfence.store.statements import statements

SQL = statements("sqlite/sign_ins")


class SqliteSignIns(SqliteGround):
    """`ports.sign_ins.SignInStore`."""

    async def sign_ins(self, account: str, from_ms: int, until_ms: int) -> list[SignIns]:
        place = (account, from_ms, until_ms)
        return [
            SignIns(service=service, channel=channel, count=count, stepped_down=stepped_down)
            for of in ("codes", "factors")
            for service, channel, count, stepped_down in self._all(SQL[of], place)
        ]

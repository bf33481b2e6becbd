"""Sign-ins, counted in PostgreSQL."""

from ringfence.domain.phishing_report import SignIns
from ringfence.store.postgres_ground import PostgresGround
from ringfence.store.statements import statements

SQL = statements("postgres/sign_ins")


class PostgresSignIns(PostgresGround):
    """`ports.sign_ins.SignInStore`."""

    async def sign_ins(self, account: str, from_ms: int, until_ms: int) -> list[SignIns]:
        return [
            SignIns(
                service=row["service"],
                channel=row["channel"],
                count=row["count"],
                stepped_down=row["stepped_down"],
            )
            for of in ("codes", "factors")
            for row in await self._all(SQL[of], account, from_ms, until_ms)
        ]

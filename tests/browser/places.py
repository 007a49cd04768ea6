"""Every kind of page, with the status that it answers."""

from dataclasses import dataclass

from tests.browser.facts import STORY

__all__ = ["PLACES", "Place"]

_CALL = "toolu_EU2YyTBCtLsi1R84D6JAbw"
_FAILED = "toolu_zJkxsrx44zNoCpKoSuXZ3d"


@dataclass(frozen=True)
class Place:
    """A page by name and address."""

    name: str
    path: str
    status: int = 200
    is_signed_in: bool = True


PLACES = [
    Place("overview", "/"),
    Place("sessions", "/browse/sdk/sessions/"),
    Place("sessions-filtered", "/browse/sdk/sessions/?has=failures&template=ops-bot&limit=25"),
    Place("sessions-wrong-place", "/browse/sdk/sessions/?limit=25&after=x"),
    Place("sessions-wrong", "/browse/sdk/sessions/?status=x&from=y&sort=z&nope=1", 422),
    Place("sessions-none", "/browse/sdk/sessions/?id=nothing-has-this-id"),
    Place("sessions-empty", "/browse/empty/sessions/"),
    Place("sessions-gone", "/browse/gone/sessions/", 503),
    Place("messages", "/browse/sdk/messages/?limit=25"),
    Place("messages-text", "/browse/sdk/messages/?text=deploy"),
    Place("tool-calls", "/browse/sdk/tool-calls/?limit=25"),
    Place("tool-calls-failed", "/browse/sdk/tool-calls/?state=FAILED&min_duration=1ms"),
    Place("session", f"/browse/sdk/sessions/{STORY}/?list=has%3Dfailures"),
    Place("session-events", f"/browse/sdk/sessions/{STORY}/?tab=events"),
    Place("session-todos", f"/browse/sdk/sessions/{STORY}/?tab=todos"),
    Place("session-snapshots", f"/browse/sdk/sessions/{STORY}/?tab=snapshots"),
    Place("session-info", f"/browse/sdk/sessions/{STORY}/?tab=info"),
    Place("session-long", "/browse/sdk/sessions/agt-01M2X7AY5S07SF010CG0VX7B34/"),
    Place("session-waiting", "/browse/sdk/sessions/agt-01M732BM5BE1YV2MS3P1PHBPGF/"),
    Place("tool-call", f"/browse/sdk/tool-calls/{_CALL}/"),
    Place("tool-call-failed", f"/browse/sdk/tool-calls/{_FAILED}/"),
    Place("block", f"/browse/sdk/blocks/17/0/{STORY}/"),
    Place("no-session", "/browse/sdk/sessions/nobody/", 404),
    Place("no-page", "/no/such/page/", 404),
    Place("stores", "/manage/stores/"),
    Place("store-remove", "/manage/stores/sdk/remove/"),
    Place("account", "/account/"),
    Place("sign-in", "/sign-in/", is_signed_in=False),
]

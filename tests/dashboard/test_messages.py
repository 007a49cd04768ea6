"""/browse/<store>/messages/"""

from tests.dashboard.conftest import Get
from tests.dashboard.fakes import FakeReader, make_message


def test_a_row_leads_to_its_turn(reader: FakeReader, get: Get) -> None:
    reader.messages = [make_message(42, block_types=("text", "tool_use"))]
    page = get("/browse/agents/messages/")
    assert page.link("#42") == "/browse/agents/sessions/agt-0001/?seq=42#m42"
    assert page.column("Role") == ["assistant"]
    assert page.column("Content") == ["text, tool_use"]
    assert page.column("Beginning") == ["Words 42"]
    assert page.column("Size") == ["120 B"]


def test_the_time_is_named_for_what_it_is(reader: FakeReader, get: Get) -> None:
    reader.messages = [make_message(1)]
    page = get("/browse/agents/messages/")
    head = next(one for one in page.all("th") if one.text == "Session saved")
    assert "not when the message was written" in head.attrs["title"]


def test_a_message_without_a_place_still_leads_to_its_session(reader: FakeReader, get: Get) -> None:
    reader.messages = [make_message(1, seq=None, problems=("seq is missing",))]
    page = get("/browse/agents/messages/")
    assert page.link("–") == "/browse/agents/sessions/agt-0001/?list="
    assert "seq is missing" in page.one(id="results").text

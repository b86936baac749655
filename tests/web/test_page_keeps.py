"""What the page keeps while the line is cut, the gateway is gone, or the page is loaded anew."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.browsers import Browsers
from tests.support.relay import Relay
from tests.support.waiting import wait_until
from tests.web.conftest import Shown, Site


def _own(page: Page) -> list[str]:
    return [text for text in Shown(page).texts() if text.startswith("kept")]


def test_drafts_stay_with_their_rooms(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "/join tea")
    expect(page.get_by_role("heading", level=1)).to_have_text("tea")
    page.locator("#words").fill("about tea")
    page.locator("#rooms-list .place", has_text="general").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    expect(page.locator("#words")).to_have_value("")
    tea = page.locator("#rooms-list .place", has_text="tea")
    expect(tea).to_contain_text("something is typed here and not sent")
    page.locator("#words").fill("about all")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    expect(page.locator("#words")).to_have_value("about all")
    page.locator("#rooms-list .place", has_text="tea").click()
    expect(page.locator("#words")).to_have_value("about tea")


def test_what_is_said_without_a_gateway_arrives_once(site: Site, browsers: Browsers) -> None:
    """Said while the gateway is gone, kept over a reload of the page, in order and never twice."""
    bob = site.person("Bob")
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "kept 1")
    bob.hears("kept 1", "general")
    # Others may have it before this page does: until then its own line says how it stands with it.
    expect(page.locator("#lines .said .state")).to_have_text("no. 1 · stored")
    site.gateway.kill()
    expect(page.locator("#bar")).to_contain_text("Link down.")
    expect(page.locator("#bar")).to_contain_text("Next try in")
    for number in range(2, 5):
        browsers.write(page, f"kept {number}")
    assert _own(page) == ["kept 1", "kept 2", "kept 3", "kept 4"]
    states = page.locator("#lines .mine .state")
    expect(states).to_have_text("queued: leaves when the link is back")
    page.locator("#words").fill("/who")
    page.locator("#words").press("Enter")
    expect(page.locator("#under")).to_have_text("No link: a command waits here until it is back.")
    expect(page.locator("#words")).to_have_value("/who")
    page.locator("#words").fill("")
    site.restart_gateway()
    page.get_by_role("button", name=re.compile("^Try")).click()
    for number in range(2, 5):
        bob.hears(f"kept {number}", "general")
    expect(page.locator("#bar")).to_contain_text("Link back.")
    page.reload()
    wait_until(
        lambda: _own(page) == ["kept 1", "kept 2", "kept 3", "kept 4"], "each once", 20,
        saw=lambda: Shown(page).texts(),
    )  # fmt: skip
    heard = [event["text"] for event in bob.messages("general")]
    assert heard == ["kept 1", "kept 2", "kept 3", "kept 4"]
    left = page.evaluate("localStorage.getItem('causette.unsent')")
    assert left == "[]", "what is settled is forgotten"


def test_what_is_unsent_is_kept_over_a_reload(site: Site, browsers: Browsers) -> None:
    """The page is loaded anew before the gateway took anything: the storage has it."""
    bob = site.person("Bob")
    with Relay(f"tcp://127.0.0.1:{site.url.rstrip('/').rpartition(':')[2]}") as line:
        page = browsers.join(line.address.replace("tcp:", "http:"), "Ada")
        line.refuse()
        line.cut()
        expect(page.locator("#bar")).to_contain_text("Link down.")
        browsers.write(page, "kept over a reload")
        assert _own(page) == ["kept over a reload"]
        line.refuse(False)
        page.reload()
        bob.hears("kept over a reload", "general")
        wait_until(lambda: _own(page) == ["kept over a reload"], "once", 20)
    assert len(bob.messages("general")) == 1


def test_a_line_that_died_silently_is_noticed(site: Site, browsers: Browsers) -> None:
    """A phone that changed its network: nobody hangs up, and nothing comes any more."""
    with Relay(f"tcp://127.0.0.1:{site.url.rstrip('/').rpartition(':')[2]}") as line:
        page = browsers.join(line.address.replace("tcp:", "http:"), "Ada")
        line.freeze()
        line.refuse()
        page.evaluate("window.dispatchEvent(new Event('offline'))")
        expect(page.locator("#bar")).to_contain_text("Link down.", timeout=20_000)
        browsers.write(page, "kept")
        line.refuse(False)
        Shown(page).waits_for("kept")
        expect(page.locator("#lines .said .state")).to_contain_text("stored")


def test_the_server_gone_is_told_and_its_return(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    site.broker.kill()
    bar = page.locator("#bar")
    expect(bar).to_contain_text("Link down.", timeout=30_000)
    expect(bar).to_contain_text(re.compile(r"Next try in \d+ s\.|Trying again\."))
    expect(page.locator("#people .dot.hollow")).not_to_have_count(0)
    browsers.write(page, "kept")
    expect(page.locator("#lines .mine .state")).to_contain_text("queued")
    assert "Link down." in page.locator("#announce").inner_text()


def test_the_newest_page_has_the_chat(site: Site, browsers: Browsers) -> None:
    """Another tab of the same browser takes it over; the first one can take it back."""
    page = browsers.join(site.url, "Ada")
    page.locator("#words").fill("typed and not sent")
    other = page.context.new_page()
    other.goto(site.url)
    expect(other.get_by_role("heading", level=1)).to_have_text("general")
    expect(page.get_by_text("The chat is open elsewhere.")).to_be_visible()
    page.get_by_role("button", name="Come back here").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    expect(page.locator("#words")).to_have_value("typed and not sent")
    expect(other.get_by_text("The chat is open elsewhere.")).to_be_visible()


def test_leaving_and_coming_back(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "kept by the server")
    Shown(page).waits_for("kept by the server")
    page.locator("#own-menu").click()
    page.get_by_role("menuitem", name="Disconnect").click()
    expect(page.locator("#join-nick")).to_have_value("Ada")
    page.reload()
    expect(page.locator("#join-nick")).to_have_value("Ada")
    page.get_by_role("button", name="Join").click()
    Shown(page).waits_for("kept by the server")
    page.locator("#own-menu").click()
    page.get_by_role("menuitem", name="Forget me in this browser…").click()
    page.get_by_role("button", name="Forget me", exact=True).click()
    expect(page.locator("#join-nick")).to_have_value("")
    assert page.context.cookies() == []


def test_what_went_wrong_stands_beside_its_field(site: Site, browsers: Browsers) -> None:
    browsers.join(site.url, "Ada")
    page = browsers.page(site.url)
    nick = page.locator("#join-nick")
    nick.fill("Ada")
    page.get_by_role("button", name="Join").click()
    error = page.locator("#join-nick-error")
    expect(error).to_contain_text("taken")
    expect(nick).to_have_value("Ada")
    expect(nick).to_have_attribute("aria-invalid", "true")
    expect(nick).to_have_attribute("aria-describedby", "join-nick-error")
    assert page.evaluate("document.activeElement.id") == "join-nick"
    nick.fill("")
    page.get_by_role("button", name="Join").click()
    expect(error).to_contain_text("Type a nickname")
    nick.fill("Eve")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")

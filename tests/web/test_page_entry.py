"""Coming in where not everybody may: codes, links, waiting, another device; and going."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import expect

from tests.support.browsers import Browsers
from tests.web.conftest import Shown, Site


def test_a_link_with_its_code_lets_in(
    site_factory: Callable[..., Site], browsers: Browsers
) -> None:
    site = site_factory("--access", "invite")
    code = site.operator.do("invite")[0]["code"]
    page = browsers.page(f"{site.url}/#invite={code}")
    expect(page.locator("#join-code")).to_have_value(code)
    assert page.evaluate("location.hash") == "", "the code does not stay in the address"
    browsers.enter(page, "Ada")
    browsers.write(page, "I am in")
    Shown(page).waits_for("I am in")


def test_a_wrong_code_is_said_beside_its_field(
    site_factory: Callable[..., Site], browsers: Browsers
) -> None:
    site = site_factory("--access", "invite")
    page = browsers.page(site.url)
    page.locator("#join-nick").fill("Ada")
    # A server that tells nobody how it is entered does not make the page ask for a code.
    page.get_by_role("button", name="I have a code").or_(page.locator("#join-code")).click()
    page.locator("#join-code").fill("nonsense!")
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#join-code-error")).to_contain_text("nonsense")
    assert page.evaluate("document.activeElement.id") == "join-code"
    expect(page.locator("#join-nick")).to_have_value("Ada")
    page.locator("#join-code").fill("AAAA-BBBB-CCCC")
    page.get_by_role("button", name="Join").click()
    expect(page.locator("#join-code-error")).not_to_contain_text("nonsense")
    expect(page.locator("#join-code-error")).to_be_visible()


def test_waiting_goes_on_by_itself(site_factory: Callable[..., Site], browsers: Browsers) -> None:
    site = site_factory("--access", "invite")
    page = browsers.page(site.url)
    page.locator("#join-nick").fill("Ada")
    page.get_by_role("button", name="Join").click()
    expect(page.get_by_text("Waiting for an administrator to let you in.")).to_be_visible()
    shown = page.locator(".fingerprint").inner_text()
    waiting = site.operator.do("admin", "waiting")
    assert len(shown.replace(" ", "")) >= 16
    site.operator.do("admin", "approve", waiting[0]["key"])
    expect(page.get_by_role("heading", level=1)).to_have_text("general", timeout=30_000)


def test_another_browser_becomes_the_same_person(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "from the first")
    Shown(page).waits_for("from the first")
    page.locator("#server-menu").click()
    page.get_by_role("menuitem", name="Add a device…").click()
    link = page.get_by_role("dialog").get_by_label("Link").input_value()
    page.keyboard.press("Escape")
    other = browsers.page(link)
    browsers.enter(other, "Ada")
    expect(other.locator("#own-nick")).to_have_text("Ada")
    browsers.write(other, "from the second")
    Shown(page).waits_for("from the first", "from the second")
    assert page.locator("#lines .name").all_inner_texts() == ["Ada"], "one person"
    assert page.locator("#people-list .place").count() == 1


def test_quitting_ends_the_session(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "/quit")
    page.get_by_role("button", name="Join again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")


def test_a_known_browser_needs_no_form(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    assert page.locator("#join-nick").count() == 0
    site.restart_gateway()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    cookie = page.context.cookies()[0]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""

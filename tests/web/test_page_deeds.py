"""What one can do on the page besides saying: menus, dialogs, completion, keys, settings."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.browsers import Browsers
from tests.support.waiting import wait_until
from tests.web.conftest import Shown, Site


def _focused(page: Page) -> str:
    """What has the focus: its id, else its text."""
    return str(
        page.evaluate("document.activeElement.id || document.activeElement.innerText.trim()")
    )


def _menu(page: Page) -> list[str]:
    """What the open menu offers."""
    page.locator(".menu").wait_for()
    return page.locator(".menu-words").all_inner_texts()


# --- completing and recalling --------------------------------------------------------------------


def test_words_are_completed(site: Site, browsers: Browsers) -> None:
    site.person("Inès")
    page = browsers.join(site.url, "Ada")
    expect(page.locator("#people-list")).to_contain_text("Inès")
    words = page.locator("#words")
    words.focus()
    page.keyboard.type("@in")
    offer = page.get_by_role("option", name="@Inès")
    expect(offer).to_have_attribute("aria-selected", "true")
    expect(words).to_have_attribute("aria-activedescendant", "offer-0")
    page.keyboard.press("Enter")
    expect(words).to_have_value("@Inès ")
    page.keyboard.type(":thu")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    expect(words).to_have_attribute("aria-activedescendant", "offer-1")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(words).to_have_value("@Inès 👍 ")
    words.fill("")
    page.keyboard.type("/jo")
    expect(page.get_by_role("option", name="/join")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("option")).to_have_count(0)
    # Nothing fits: Tab goes on, as everywhere.
    words.fill("zzz")
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    wait_until(lambda: _focused(page) == "smile", "the focus moves on")


def test_what_was_sent_is_recalled(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "one")
    browsers.write(page, "two")
    Shown(page).waits_for("one", "two")
    words = page.locator("#words")
    words.fill("begun")
    page.keyboard.press("ArrowUp")
    expect(words).to_have_value("two")
    page.keyboard.press("ArrowUp")
    expect(words).to_have_value("one")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(words).to_have_value("begun")
    # Shift+Enter breaks the line, and the field grows with it, up to six lines.
    low = words.bounding_box()
    for _ in range(9):
        page.keyboard.press("Shift+Enter")
    high = words.bounding_box()
    assert low is not None
    assert high is not None
    assert low["height"] * 2 < high["height"] < 200


def test_an_input_method_keeps_its_enter(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    words = page.locator("#words")
    words.fill("にほん")
    words.evaluate(
        "area => area.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    expect(words).to_have_value("にほん")
    words.press("Enter")
    Shown(page).waits_for("にほん")


def test_a_wrong_command_comes_back(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "/jion tea")
    expect(page.locator("#words")).to_have_value("/jion tea")
    expect(page.locator("#under")).to_contain_text("There is no command /jion.")
    expect(page.locator("#words")).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+a")
    page.keyboard.type("/help")
    expect(page.locator("#words")).to_have_attribute("aria-invalid", "false")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator("#lines .notice dt").first).to_contain_text("/help")


def test_an_emoji_is_picked_by_keyboard(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    page.locator("#smile").press("Enter")
    page.locator("#emoji input").wait_for()
    page.keyboard.type("rocket")
    expect(page.locator("#emoji button")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#words")).to_have_value("🚀")
    assert _focused(page) == "words"
    page.locator("#smile").press("Enter")
    page.locator("#emoji button").first.wait_for()
    page.keyboard.press("Escape")
    assert _focused(page) == "smile"


# --- menus ---------------------------------------------------------------------------------------


def test_a_message_has_a_menu_by_mouse_and_by_keyboard(site: Site, browsers: Browsers) -> None:
    bob = site.person("Bob")
    page = browsers.join(site.url, "Ada")
    bob.say("first", room="general")
    bob.say("> Bob: first\nsecond", room="general")
    Shown(page).waits_for("first", "Bob: first\n\nsecond")
    page.locator("#lines .main").first.click(button="right")
    assert _menu(page)[:2] == ["Copy the message", "Quote"]
    page.get_by_role("menuitem", name="Quote").click()
    expect(page.locator("#words")).to_have_value("> Bob: first\n")
    page.locator("#words").fill("")
    # One step of Tab leads into the conversation, the arrows from row to row.
    page.locator("#lines .row").last.focus()
    page.keyboard.press("ArrowUp")
    assert "first" in page.evaluate("document.activeElement.innerText")
    assert page.locator("#lines .row[tabindex='0']").count() == 1
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert "Go to what is quoted" in _menu(page)
    page.keyboard.press("Escape")
    assert "second" in page.evaluate("document.activeElement.innerText")
    page.keyboard.press("Enter")
    page.keyboard.type("g")
    page.keyboard.press("Enter")
    expect(page.locator(".row.found .body")).to_have_text("first")


def test_a_long_press_opens_the_menu(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada", width=390, height=844, touch=True)
    page.locator("#words").fill("hold me")
    page.get_by_role("button", name="Send").tap()
    # Until then it is drawn anew with each of its states.
    expect(page.locator("#lines .said .state")).to_contain_text("stored")
    box = page.locator("#lines .body").last.bounding_box()
    assert box is not None
    at = {"pointerType": "touch", "clientX": box["x"] + 5, "clientY": box["y"] + 5, "bubbles": True}
    page.locator("#lines .body").last.dispatch_event("pointerdown", at)
    assert "Copy the message" in _menu(page)
    page.keyboard.press("Escape")
    expect(page.locator(".menu")).to_have_count(0)


def test_people_have_a_menu_and_a_conversation_of_two(site: Site, browsers: Browsers) -> None:
    bob = browsers.join(site.url, "Bob")
    page = browsers.join(site.url, "Ada")
    row = page.locator("#people-list .place", has_text="Bob")
    row.click()
    assert _menu(page)[:3] == [
        "Write to Bob alone", "Mention", "Ignore: see nothing of theirs",
    ]  # fmt: skip
    page.get_by_role("menuitem", name="Write to Bob alone").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Bob")
    browsers.write(page, "between us")
    expect(bob.locator("#rooms-list")).to_contain_text("Ada")
    assert page.locator("#rooms-list .face").count() == 1


def test_ignoring_hides_and_shows_again(site: Site, browsers: Browsers) -> None:
    bob = site.person("Bob")
    page = browsers.join(site.url, "Ada")
    bob.say("noise", room="general")
    Shown(page).waits_for("noise")
    row = page.locator("#people-list .place", has_text="Bob")
    row.click()
    page.get_by_role("menuitem", name="Ignore: see nothing of theirs").click()
    expect(page.locator("#lines .said")).to_have_count(0)
    expect(row).to_contain_text("ignored")
    row.click()
    page.get_by_role("menuitem", name="Show what they say again").click()
    expect(page.locator("#lines .said .body")).to_have_text("noise")


# --- dialogs -------------------------------------------------------------------------------------


def test_a_room_is_made_and_somebody_let_in(site: Site, browsers: Browsers) -> None:
    bob = browsers.join(site.url, "Bob")
    page = browsers.join(site.url, "Ada")
    plus = page.get_by_role("button", name="Join a room, or make one")
    plus.click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    assert _focused(page) == dialog.locator("input").first.get_attribute("id")
    page.keyboard.type("no spaces here")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("cannot be the name of a room")
    dialog.get_by_label("Name").fill("jury")
    dialog.get_by_label("Private: only whom you invite sees it").check()
    dialog.get_by_role("button", name="Make the room").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("jury")
    expect(dialog).to_have_count(0)
    expect(page.locator("#room-about")).to_contain_text("private")
    page.locator("#room-menu").click()
    page.get_by_role("menuitem", name="Members…").click()
    dialog.get_by_label("Nickname to invite").fill("Bob")
    dialog.get_by_role("button", name="Invite").click()
    expect(dialog.locator("li", has_text="Bob")).to_be_visible()
    expect(bob.locator("#lines .notice")).to_contain_text("jury")
    page.keyboard.press("Escape")
    wait_until(lambda: _focused(page) == "room-menu", "the focus comes back")


def test_moderating(site: Site, browsers: Browsers) -> None:
    bob = site.person("Bob")
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "/create lab")
    expect(page.get_by_role("heading", level=1)).to_have_text("lab")
    bob.do("join", room="lab")
    seq = bob.say("to be deleted", room="lab")
    Shown(page).waits_for("to be deleted")
    page.locator("#lines .said .main").last.click(button="right")
    page.get_by_role("menuitem", name="Delete…").click()
    expect(page.get_by_role("dialog").locator("h2")).to_have_text(f"Delete message no. {seq}?")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator("#lines .main.deleted")).to_have_count(1)
    assert "to be deleted" not in page.locator("#lines").inner_text()
    page.locator("#people-list .place", has_text="Bob").click()
    page.get_by_role("menuitem", name="Mute…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("For how long")).to_have_value("600")
    dialog.get_by_label("Reason, which they read").fill("too loud")
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    bob.refused("muted", "say", room="lab", text="no")
    page.locator("#room-menu").click()
    page.get_by_role("menuitem", name="Who is muted or removed…").click()
    expect(dialog).to_contain_text("too loud")
    dialog.get_by_role("button", name=re.compile("^Lift")).click()
    expect(dialog).to_contain_text("Nobody is muted, removed or banned.")
    page.keyboard.press("Escape")
    page.locator("#room-menu").click()
    page.get_by_role("menuitem", name="Rules…").click()
    dialog.get_by_label("Only moderators write").check()
    dialog.get_by_role("button", name="Apply").click()
    expect(page.locator("#room-about")).to_contain_text("only moderators write")


def test_an_invitation_and_an_address_for_programs(site: Site, browsers: Browsers) -> None:
    """Row of the owner: a code with its link, and an address that a script posts to."""
    page = browsers.join(site.url, "Ada")
    site.make_owner("Ada")
    expect(page.locator("#own-role")).to_have_text("you · owner")
    page.locator("#server-menu").click()
    page.get_by_role("menuitem", name="Invite somebody…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Make the invitation").click()
    code = dialog.locator(".code").inner_text()
    assert re.fullmatch(r"[0-9A-Z]{4}(-[0-9A-Z]{4})+", code)
    expect(dialog.get_by_label("Link")).to_have_value(re.compile(f"#invite={code}$"))
    page.keyboard.press("Escape")
    page.locator("#server-menu").click()
    page.get_by_role("menuitem", name="Addresses for programs…").click()
    dialog.get_by_label("Name of the program").fill("probe-bot")
    dialog.get_by_role("button", name="Make an address").click()
    address = dialog.get_by_label("Its address").input_value()
    told = page.context.request.post(address, data={"text": "21.4 °C"})
    assert told.ok, told.text()
    page.keyboard.press("Escape")
    Shown(page).waits_for("21.4 °C")
    assert page.locator("#lines .bot-word").count() == 1


def test_the_conversation_is_saved(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "to be kept")
    Shown(page).waits_for("to be kept")
    page.keyboard.press("Control+s")
    with page.expect_download() as told:
        page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    file = told.value
    assert file.suggested_filename.endswith(".txt")
    assert "to be kept" in file.path().read_text("utf-8")


# --- looks, languages, keys ----------------------------------------------------------------------


def test_language_and_theme_change_at_once(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "hello")
    Shown(page).waits_for("hello")
    page.locator("#words").fill("typed")
    page.locator("#own-menu").click()
    page.get_by_role("menuitem", name="Settings…").click()
    page.get_by_role("dialog").get_by_label("Language").select_option("fr")
    expect(page.locator("#send")).to_have_text("Envoyer")
    expect(page.locator("#lines .state")).to_contain_text("enregistré")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("#people-heading")).to_have_text("Présents · 1")
    expect(page.locator("#words")).to_have_value("typed")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Thème").select_option("dark")
    ground = "getComputedStyle(document.getElementById('talk')).backgroundColor"
    assert page.evaluate(ground) == "rgb(20, 25, 26)"
    dialog.get_by_label("Taille du texte").select_option("150")
    assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 24
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#send")).to_have_text("Envoyer")
    assert page.evaluate(ground) == "rgb(20, 25, 26)"
    assert Shown(page).too_wide() <= 0


def test_keys_lead_everywhere(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "/join tea")
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("tea")
    page.keyboard.press("Alt+ArrowUp")
    expect(heading).to_have_text("general")
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").wait_for()
    page.keyboard.type("te")
    page.keyboard.press("Enter")
    expect(heading).to_have_text("tea")
    page.keyboard.press("Control+/")
    expect(page.get_by_role("dialog").locator("h2")).to_have_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+u")
    expect(page.locator("#people")).to_be_hidden()
    page.keyboard.press("Control+u")
    expect(page.locator("#people")).to_be_visible()
    page.locator("#words").focus()
    page.keyboard.press("F6")
    assert page.evaluate("document.getElementById('people').contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert _focused(page) == "words"


def test_drawers_on_a_small_screen(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada", width=390, height=844)
    rooms = page.locator("#rooms-open")
    expect(page.locator("#rooms")).to_be_hidden()
    rooms.click()
    expect(page.locator("#rooms")).to_be_visible()
    expect(rooms).to_have_attribute("aria-expanded", "true")
    assert page.evaluate("document.getElementById('rooms').contains(document.activeElement)")
    assert page.evaluate("document.getElementById('talk').inert")
    page.keyboard.press("Escape")
    expect(page.locator("#rooms")).to_be_hidden()
    assert _focused(page) == "rooms-open"
    page.locator("#people-open").click()
    expect(page.locator("#people-list")).to_contain_text("Ada (you)")
    page.locator("#scrim").click(position={"x": 5, "y": 400})
    expect(page.locator("#people")).to_be_hidden()
    page.set_viewport_size({"width": 1000, "height": 700})
    expect(page.locator("#rooms")).to_be_visible()
    expect(page.locator("#people")).to_be_visible()

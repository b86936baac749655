"""The page with the real gateway: joining, saying, hearing, reading older lines, searching."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.support.browsers import Browsers
from tests.support.waiting import wait_until
from tests.web.conftest import Shown, Site

PHONE = {"width": 390, "height": 844, "touch": True}


def test_a_phone_is_in_with_two_taps(site: Site, browsers: Browsers) -> None:
    page = browsers.page(site.url, **PHONE)
    page.locator("#join-nick").wait_for()
    assert page.evaluate("document.activeElement.id") == "join-nick", "one only has to type"
    page.locator("#join-nick").fill("Léa")
    page.get_by_role("button", name="Join").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    expect(page.get_by_text("It is quiet here.")).to_be_visible()
    assert Shown(page).too_wide() <= 0
    page.locator("#words").fill("hello")
    page.get_by_role("button", name="Send").tap()
    Shown(page).waits_for("hello")
    expect(page.locator("#lines .state")).to_have_text(re.compile(r"no\. \d+ · stored"))


def test_two_browsers_hear_one_another(site: Site, browsers: Browsers) -> None:
    ada, bob = browsers.join(site.url, "Ada"), browsers.join(site.url, "Bob")
    browsers.write(ada, "one")
    Shown(bob).waits_for("one")
    browsers.write(bob, "two\nlines")
    browsers.write(ada, "**bold** and `code`")
    for page in (ada, bob):
        Shown(page).waits_for("one", "two\n\nlines", "bold and code")
    row = bob.locator("#lines li").nth(0)
    assert row.locator(".body strong").count() == 0
    said = bob.locator("#lines li").last
    assert said.locator("strong").inner_text() == "bold"
    assert said.locator("code").inner_text() == "code"
    assert said.locator(".name").inner_text() == "Ada"
    expect(ada.locator("#lines .state").last).to_contain_text("stored")
    assert bob.locator("#lines li", has_text="one").locator(".state").count() == 0


def test_messages_of_one_person_stand_under_one_name(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    bob = site.person("Bob")
    for text in ("a", "b", "c"):
        bob.say(text, room="general")
    Shown(page).waits_for("a", "b", "c")
    assert page.locator("#lines .said .name").count() == 1
    assert page.locator("#lines h2.day").count() == 1, "one line for the day"
    browsers.write(page, "d")
    Shown(page).waits_for("d")
    assert page.locator("#lines .name").all_inner_texts() == ["Bob", "Ada"]
    # Whoever hears the page is told each author, and the text before the time.
    order = (
        page.locator("#lines .said .main")
        .nth(1)
        .evaluate("main => [...main.children].map(one => one.className || one.tagName)")
    )
    assert order[:3] == ["who unseen", "body", "TIME"]


def test_older_lines_come_and_nothing_moves(site: Site, browsers: Browsers) -> None:
    """Scrolling up loads page after page; the row under the reader's eyes stays where it is."""
    bob = site.person("Bob")
    texts = [f"line {number}" for number in range(700)]
    bob.throw("general", texts)
    bob.hears_all(texts, "general")
    page = browsers.join(site.url, "Ada")
    shown = Shown(page)
    shown.waits_for("line 699")
    assert shown.below_the_end() < 2
    # The newest is followed: what comes shows by itself.
    bob.say("newest", room="general")
    shown.waits_for("newest")
    assert shown.below_the_end() < 2
    first = page.locator("#lines > li").first
    for _ in range(4):
        oldest = first.get_attribute("data-k")
        key, above = shown.first_in_sight(scroll_to=150)
        expect(first).not_to_have_attribute("data-k", str(oldest))
        now = shown.first_in_sight()
        assert now[0] == key, "what comes above moves nothing"
        # Rows may begin between two pixels, where nothing can be scrolled to.
        assert abs(now[1] - above) <= 1
    _scroll_up_until(page, "line 100")
    assert page.locator("#lines > li").count() <= 600
    place = shown.first_in_sight()
    bob.say("while Ada reads", room="general")
    expect(page.locator("#pill")).to_have_text("1 new message")
    assert shown.first_in_sight() == place, "what comes moves nothing"
    page.locator("#pill").click()
    shown.waits_for("while Ada reads")
    assert shown.below_the_end() < 2
    expect(page.locator("#pill")).to_be_hidden()


def _scroll_up_until(page: Page, text: str) -> None:
    page.locator("#log").hover()
    first = page.locator("#lines .body", has_text=re.compile(f"^{text}$"))

    def turn() -> bool:
        page.mouse.wheel(0, -900)
        page.evaluate("new Promise(requestAnimationFrame)")
        return first.count() > 0

    wait_until(turn, f"scrolled up to {text}", 60)


def test_what_one_says_goes_to_the_end(site: Site, browsers: Browsers) -> None:
    bob = site.person("Bob")
    texts = [f"line {number}" for number in range(80)]
    bob.throw("general", texts)
    bob.hears_all(texts, "general")
    page = browsers.join(site.url, "Ada")
    shown = Shown(page)
    shown.waits_for("line 79")
    _scroll_up_until(page, "line 40")
    browsers.write(page, "mine")
    shown.waits_for("mine")
    wait_until(lambda: shown.below_the_end() < 2, "at the end")


def test_a_mention_is_marked_and_told(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    bob = site.person("Bob")
    bob.say("@Ada look", room="general")
    Shown(page).waits_for("@Ada look")
    assert page.locator("#lines .main.mention").count() == 1
    assert page.locator("#lines .you").inner_text() == "@Ada"
    wait_until(
        lambda: "Mentions you. Bob: @Ada look" in page.locator("#announce").inner_text(),
        "read aloud",
    )


def test_unread_is_counted_elsewhere(site: Site, browsers: Browsers) -> None:
    page = browsers.join(site.url, "Ada")
    browsers.write(page, "/join tea")
    expect(page.get_by_role("heading", level=1)).to_have_text("tea")
    bob = site.person("Bob")
    bob.say("@Ada come", room="general")
    row = page.locator("#rooms-list .place", has_text="general")
    expect(row.locator(".badge")).to_contain_text("@1")
    assert page.title().startswith("(")
    row.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("general")
    expect(row.locator(".badge")).to_have_count(0)
    expect(row).to_have_attribute("aria-current", "true")
    assert page.locator("#lines .since").count() == 1
    assert not page.title().startswith("(")


def test_searching_goes_to_the_message(site: Site, browsers: Browsers) -> None:
    bob = site.person("Bob")
    texts = [f"line {number}" + (" oscilloscope" if number == 7 else "") for number in range(400)]
    bob.throw("general", texts)
    bob.hears_all(texts, "general")
    page = browsers.join(site.url, "Ada")
    Shown(page).waits_for("line 399")
    page.keyboard.press("Control+f")
    page.keyboard.type("oscillo")
    hit = page.locator(".hit")
    expect(hit).to_have_count(1)
    expect(page.locator(".search-state")).to_have_text("1 message found")
    assert hit.locator("mark").inner_text() == "oscillo"
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".row.found .body")).to_have_text("line 7 oscilloscope")
    assert page.evaluate("document.activeElement.classList.contains('found')")
    # Around it one reads on in both directions, and the way back is one press.
    expect(page.locator("#lines .body", has_text=re.compile("^line 8$"))).to_have_count(1)
    page.locator("#pill").click()
    Shown(page).waits_for("line 399")
    page.locator("#search input").fill("nothing like it")
    expect(page.locator(".search-state")).to_contain_text("Nothing for “nothing like it” here.")
    page.keyboard.press("Escape")
    expect(page.locator("#search")).to_be_hidden()


HOSTILE = (
    "<img src=x onerror=\"document.title='broken'\">",
    "<script>document.title='broken'</script>",
    'javascript:alert(1) data:text/html,x http://a.b/?q="onmouseover=alert(1)',
    "\u202egnp.exe\u202c and \u2066left open",
    "`<b>code</b>` **<i>bold</i>** > &lt;quote&gt;",
    "x" * 3_000,
)


@pytest.mark.parametrize("width", [320, 1280])
def test_hostile_texts_are_text(site: Site, browsers: Browsers, width: int) -> None:
    """Row 54: what others write becomes text; no element, no scheme but the known ones."""
    bob = site.person('"><svg onload=alert(1)>')
    page = browsers.join(site.url, "Ada", width=width)
    for text in HOSTILE:
        bob.say(text, room="general")
    wait_until(lambda: len(Shown(page).texts()) >= len(HOSTILE), "all are shown", 20)
    shown = page.locator("#lines")
    assert "<script>document.title" in shown.inner_text()
    assert shown.locator("script, img, svg[onload], i, b").count() == 0
    schemes = shown.locator("a").evaluate_all("all => all.map(one => one.protocol)")
    assert set(schemes) <= {"http:", "https:", "ftp:"}
    rels = shown.locator("a").evaluate_all("all => all.map(one => one.rel + one.target)")
    assert set(rels) <= {"noopener noreferrer_blank"}
    assert shown.locator("[onmouseover], [onload], [onerror]").count() == 0
    assert "broken" not in page.title()
    assert Shown(page).too_wide() <= 0


def test_who_looks_elsewhere_is_called(site: Site, browsers: Browsers) -> None:
    """Hidden, a page counts what comes and notifies of a mention; then it shows from where on."""
    context = browsers.context()
    context.grant_permissions(["notifications"])
    page = context.new_page()
    page.add_init_script(
        """
        window.called = [];
        ServiceWorkerRegistration.prototype.showNotification = async (title, more) => {
          window.called.push([title, more.body]);
        };
        let away = false;
        Object.defineProperty(document, "hidden", {get: () => away});
        window.look = there => {
          away = !there;
          document.dispatchEvent(new Event("visibilitychange"));
        };
        localStorage.setItem("causette.settings", JSON.stringify({notify: true}));
        """
    )
    page.goto(site.url)
    browsers.enter(page, "Ada")
    page.evaluate("navigator.serviceWorker.ready.then(() => null)")
    bob = site.person("Bob")
    bob.say("before", room="general")
    Shown(page).waits_for("before")
    page.evaluate("look(false)")
    bob.say("not for anybody", room="general")
    bob.say("@Ada come back", room="general")
    wait_until(lambda: page.evaluate("called.length"), "a notification", 20)
    assert page.evaluate("called") == [["Bob · #general", "@Ada come back"]]
    wait_until(lambda: page.title().startswith("("), "the title counts")
    page.evaluate("look(true)")
    since = page.locator("#lines li", has=page.locator(".since"))
    expect(since.locator(".body")).to_have_text("not for anybody")
    wait_until(lambda: not page.title().startswith("("), "nothing is unread")

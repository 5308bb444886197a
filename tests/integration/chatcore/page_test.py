"""The chat page in a real Chromium, as people use it. Screenshots go to BUILD/screenshots."""
import json
import os
import re
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "tests"))

from harness import stub_backend as stub
from harness.browser import Browser
from harness.requirements import require_programs
from server import ChatcoreTest, wait_for

ALICE = "sk-alice-0123456789abcdef"
BOB = "sk-bob-0123456789abcdef"
PERSIAN = "حافظهٔ این سرور چگونه محدود می‌ماند؟"
MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><b>&amp;'


def setUpModule():
    global browser
    browser = Browser()


def tearDownModule():
    browser.close()


class PageTest(ChatcoreTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="chatcore-page-")
        self.addCleanup(folder.cleanup)
        keys = os.path.join(folder.name, "keys")
        with open(keys, "w", encoding="utf-8") as file:
            file.write(f"alice:{ALICE}\nbob:{BOB}\n")
        self.settings = {"llm-words-per-second": "40"} | self.settings | {"auth-keys-file": keys}
        super().setUp()
        self.origin = f"http://127.0.0.1:{self.server.port}"
        self.page = browser.open(self.origin + "/")
        self.addCleanup(self.check_manners)

    def check_manners(self):
        """Nothing is fetched from elsewhere, and neither the scripts nor the security policy complain."""
        for url in self.page.requests:
            self.assertTrue(url.startswith((self.origin, "data:image/svg", "about:blank")), url)
        self.assertEqual(self.page.complaints, [])

    def sign_in(self, key=ALICE, page=None):
        page = page or self.page
        page.wait_for("document.querySelector('#entry').open")
        page.type(key)
        page.press("Enter")
        page.wait_for("!document.querySelector('#entry').open")
        return page

    def send(self, text, page=None):
        page = page or self.page
        page.click("#question")
        page.type(text)
        page.press("Enter")
        page.wait_for("document.querySelector('.message.assistant:last-child .text')")

    def wait_for_answer(self, page=None):
        (page or self.page).wait_for("document.querySelector('.message.assistant') && !document.querySelector('.writing')"
                                     " && document.querySelector('#send').textContent == 'Send'")

    def ask(self, text, page=None):
        self.send(text, page)
        self.wait_for_answer(page)

    def assert_titles(self, expected, page=None):
        """The list shows these, at the latest when it has been fetched again."""
        titles = "[...document.querySelectorAll('#list .title')].map(e => e.textContent)"
        (page or self.page).wait_for(f"JSON.stringify({titles}) == JSON.stringify({json.dumps(expected)})")

    def screenshot(self, name):
        self.page.screenshot(os.path.join(os.environ["LEAKGUARD_BUILD_DIR"], "screenshots", f"chat-{name}.png"))


class SigningIn(PageTest):
    def test_a_wrong_key_is_told_and_the_right_one_lets_in(self):
        self.page.wait_for("document.querySelector('#entry').open")
        self.page.type("sk-nobody-0123456789")
        self.page.press("Enter")
        self.page.wait_for("document.querySelector('#entry-problem').textContent.includes('not valid')")
        self.screenshot("sign-in")
        self.page.evaluate("document.querySelector('#key').value = ''")
        self.sign_in()
        self.assertIn("What would you like to know?", self.page.text("#talk"))

    def test_escape_does_not_get_past_the_question_for_a_key(self):
        self.page.wait_for("document.querySelector('#entry').open")
        for _ in range(3):
            self.page.press("Escape")
        self.page.wait_for("document.querySelector('#entry').open")

    def test_the_key_is_forgotten_on_signing_out(self):
        self.sign_in()
        self.ask("A private question")
        self.page.click("#leave")
        self.page.wait_for("document.querySelector('#entry').open")
        self.assertEqual(self.page.evaluate("sessionStorage.length + localStorage.length"), 0)
        self.assertNotIn("private", self.page.text("body"))

    def test_what_was_written_and_not_sent_goes_with_its_writer(self):
        self.sign_in()
        self.page.click("#question")
        self.page.type("A private draft")
        self.page.click("#leave")
        self.page.wait_for("document.querySelector('#entry').open")
        self.assertEqual(self.page.evaluate("document.querySelector('#question').value"), "")

    def test_a_list_that_comes_after_signing_out_is_not_shown(self):
        self.sign_in()
        self.ask("A private question")
        self.page.evaluate("""(() => {
          const real = window.fetch;
          window.held = [];
          window.fetch = (...asked) => real(...asked).then(answer => new Promise(go => held.push(() => go(answer))));
          return true;
        })()""")
        self.page.evaluate("window.dispatchEvent(new Event('online'))")
        self.page.wait_for("held.length > 0")
        self.page.click("#leave")
        self.page.wait_for("document.querySelector('#entry').open")
        self.page.evaluate("(held.forEach(go => go()), new Promise(done => setTimeout(done, 100)))")
        self.assertNotIn("private", self.page.text("body"))


class Chatting(PageTest):
    def test_words_appear_as_they_come(self):
        self.sign_in()
        self.page.evaluate("""window.lengths = [];
            new MutationObserver(() => {
              const text = document.querySelector('.message.assistant .text');
              if (text) lengths.push(text.textContent.length);
            }).observe(document.querySelector('#talk'), {childList: true, subtree: true, characterData: true})""")
        self.send("What keeps the memory bounded?")
        self.page.wait_for("document.querySelector('#send').textContent == 'Stop'")
        self.wait_for_answer()
        lengths = self.page.evaluate("lengths")
        self.assertGreater(len(set(lengths)), 5, lengths)
        self.assertEqual(lengths, sorted(lengths))
        self.assert_titles(["What keeps the memory bounded?"])
        self.assertEqual(len(self.server.rows("SELECT 1 FROM messages")), 2)
        self.screenshot("desktop")

    def test_a_reload_of_the_page_keeps_the_conversation_and_the_key(self):
        self.sign_in()
        self.ask("First question")
        self.ask("Second question")
        before = self.page.text("#talk")
        self.page.reload()
        self.page.wait_for("document.querySelectorAll('.message').length == 4")
        self.assertEqual(self.page.text("#talk"), before)

    def test_switching_shows_the_other_conversation(self):
        self.sign_in()
        self.ask("About apples")
        self.page.click("#new")
        self.ask("About pears")
        self.assert_titles(["About pears", "About apples"])
        self.page.click("#list li:nth-child(2) .open")
        self.page.wait_for("document.querySelector('.message.user .text')?.textContent == 'About apples'")
        self.assertNotIn("About pears", self.page.text("#talk"))
        self.assertEqual(self.page.text("#list li.current .title"), "About apples")

    def test_a_conversation_is_deleted_after_a_question(self):
        self.sign_in()
        self.ask("To be deleted")
        self.page.click("#list .drop")
        self.page.wait_for("document.querySelector('#removal').open")
        self.assertIn("To be deleted", self.page.text("#removal"))
        self.screenshot("delete")
        self.page.press("Escape")
        self.page.wait_for("!document.querySelector('#removal').open")
        self.assert_titles(["To be deleted"])
        self.page.click("#list .drop")
        self.page.click("#remove")
        self.page.wait_for("document.querySelectorAll('#list li').length == 0")
        self.assertIn("What would you like to know?", self.page.text("#talk"))
        self.assertEqual(self.server.rows("SELECT 1 FROM conversations"), [])

    def test_right_to_left_text_runs_from_right_to_left(self):
        self.sign_in()
        direction = "getComputedStyle(document.querySelector('%s')).direction"
        self.page.click("#question")
        self.page.type(PERSIAN)
        self.assertEqual(self.page.evaluate(direction % "#question"), "rtl")
        self.page.press("Enter")
        self.page.wait_for("document.querySelector('.message.assistant')")
        self.wait_for_answer()
        self.assertEqual(self.page.evaluate(direction % ".message.user .text"), "rtl")
        self.page.wait_for("document.querySelector('#list .title')")
        self.assertEqual(self.page.evaluate(direction % "#list .title"), "rtl")
        self.page.click("#question")
        self.page.type("and left to right")
        self.assertEqual(self.page.evaluate(direction % "#question"), "ltr")
        self.screenshot("right-to-left")

    def test_markup_stays_text(self):
        self.sign_in()
        self.ask(MARKUP)
        self.assertEqual(self.page.text(".message.user .text"), MARKUP)
        self.assertIn("<script>", self.page.text(".message.assistant .text"))
        self.page.reload()
        self.page.wait_for("document.querySelectorAll('.message').length == 2")
        self.assertEqual(self.page.evaluate("document.querySelectorAll('#talk img, #talk script, #talk b, #list img').length"),
                         0)
        self.assertFalse(self.page.evaluate("'hacked' in window"))
        self.assertTrue(self.page.text("#list .title").startswith("<img"))

    def test_two_users_see_nothing_of_each_other(self):
        self.sign_in()
        self.ask("Alice's secret question")
        other = self.sign_in(BOB, browser.open(self.origin + "/"))
        self.assert_titles([], other)
        self.ask("Bob's question", other)
        self.assert_titles(["Bob's question"], other)
        self.page.reload()
        self.page.wait_for("document.querySelectorAll('#list li').length == 1")
        self.assert_titles(["Alice's secret question"])

    def test_on_a_phone_it_fits_and_the_list_comes_on_demand(self):
        self.page.resize(390, 844, mobile=True)
        self.sign_in()
        self.ask("A question from a phone")
        self.screenshot("phone")
        self.assertLessEqual(self.page.evaluate("document.documentElement.scrollWidth"), 390)
        self.assertEqual(self.page.evaluate("getComputedStyle(document.querySelector('#side')).visibility"), "hidden")
        self.page.click("#menu")
        self.page.wait_for("document.querySelector('#side').getBoundingClientRect().x == 0")
        self.screenshot("phone-list")
        self.page.press("Escape")
        self.page.wait_for("getComputedStyle(document.querySelector('#side')).visibility == 'hidden'")

    def test_on_a_narrow_screen_the_keyboard_goes_into_the_list_and_back(self):
        self.page.resize(390, 844)
        self.sign_in()
        self.ask("A question")
        self.page.wait_for("document.querySelector('#list .open')")
        self.page.evaluate("document.querySelector('#menu').focus()")
        self.page.press("Enter")
        self.page.wait_for("document.activeElement.id == 'new'")
        self.page.press("Tab")
        self.page.wait_for("document.activeElement.className == 'open'")
        self.page.press("Enter")
        self.page.wait_for("document.activeElement.id == 'menu'")
        self.assertEqual(self.page.evaluate("menu.getAttribute('aria-expanded')"), "false")
        self.page.press("Enter")
        self.page.wait_for("document.activeElement.id == 'new'")
        self.page.press("Escape")
        self.page.wait_for("document.activeElement.id == 'menu'")

    def test_it_is_dark_where_people_prefer_that(self):
        self.page.prefer("dark")
        self.sign_in()
        self.ask("A question at night")
        red, green, blue = map(int, re.findall(r"\d+", self.page.evaluate("getComputedStyle(document.body).backgroundColor")))
        self.assertLess(red + green + blue, 150)
        self.screenshot("dark")

    def test_everything_can_be_reached_by_keyboard(self):
        self.sign_in()
        self.ask("A question")
        self.assert_titles(["A question"])
        self.page.evaluate("document.activeElement.blur()")
        reached = set()
        for _ in range(12):
            self.page.press("Tab")
            reached.add(self.page.evaluate("document.activeElement.id || document.activeElement.className"))
        self.assertLessEqual({"new", "open", "drop", "question", "leave"}, reached)

    def test_a_long_conversation_is_scrolled_by_keyboard(self):
        client = {"Authorization": f"Bearer {ALICE}"}
        items = [{"role": "user", "content": "Line\n" * 20} for _ in range(10)]
        self.server.request("POST", "/v1/conversations", {"items": items}, client)
        self.sign_in()
        self.page.click("#list .open")
        self.page.wait_for("document.querySelectorAll('.message').length == 10")
        for _ in range(12):
            self.page.press("Tab")
            if self.page.evaluate("document.activeElement.id") == "talk":
                break
        bottom = self.page.evaluate("talk.scrollTop")
        self.page.press("PageUp")
        self.page.wait_for(f"talk.scrollTop < {bottom} - 100")
        self.screenshot("scrolled")

    def test_the_keyboard_stays_in_the_list_when_something_is_deleted_from_it(self):
        self.sign_in()
        for name in ("One", "Two", "Three"):
            self.page.click("#new")
            self.ask(name)
        self.assert_titles(["Three", "Two", "One"])
        self.page.evaluate("document.querySelectorAll('#list .drop')[1].focus()")
        self.page.press("Enter")
        self.page.wait_for("document.querySelector('#removal').open")
        self.page.press("Tab")
        self.page.press("Enter")
        self.assert_titles(["Three", "One"])
        self.page.wait_for("document.activeElement.getAttribute('aria-label') == 'Delete One'")


class Stopping(PageTest):
    settings = {"llm-words-per-second": "4"}

    def test_a_stopped_answer_stays_and_is_marked(self):
        self.sign_in()
        self.send("Tell me much")
        self.page.wait_for("document.querySelector('.message.assistant .text').textContent.split(' ').length > 2")
        self.page.click("#send")
        self.wait_for_answer()
        part = self.page.text(".message.assistant .text")
        self.assertGreater(len(part), 5)
        self.assertIn("Stopped", self.page.text(".message.assistant .note"))
        wait_for(lambda: self.server.rows("SELECT 1 FROM messages WHERE interrupted = 1"), "the part in the database")
        self.page.reload()
        self.page.wait_for("document.querySelectorAll('.message').length == 2")
        self.assertIn("interrupted", self.page.text(".message.assistant .note"))
        self.assertIn(part.split(" ")[0], self.page.text(".message.assistant .text"))


class LongAgo(PageTest):
    def test_what_is_no_longer_shown_of_a_long_conversation_is_told(self):
        client = {"Authorization": f"Bearer {ALICE}"}
        made = self.server.request("POST", "/v1/conversations", {"items": [{"role": "system", "content": "Be kind."}]}, client)
        path = f"/v1/conversations/{made.json()['id']}/items"
        for ten in range(0, 110, 10):
            items = [{"role": "user", "content": f"Line {number}"} for number in range(ten, ten + 10)]
            self.assertEqual(self.server.request("POST", path, {"items": items}, client).status, 200)
        self.sign_in()
        self.page.click("#list .open")
        self.page.wait_for("document.querySelectorAll('.message.user').length == 100")
        self.assertIn("last 100 messages", self.page.text("#talk > .note"))
        self.assertNotIn("Be kind.", self.page.text("#talk"))
        self.page.click("#new")
        self.ask("Short")
        self.page.reload()
        self.page.wait_for("document.querySelectorAll('.message').length == 2")
        self.assertEqual(self.page.text("#talk > .note"), "")


    def test_that_there_are_more_conversations_than_are_listed_is_told(self):
        for number in range(201):
            self.assertEqual(self.server.request("POST", "/v1/conversations", {}, {"Authorization": f"Bearer {BOB}"}).status, 200)
        self.sign_in()
        self.ask("One of few")
        self.assert_titles(["One of few"])
        self.assertTrue(self.page.evaluate("older.hidden"))
        self.page.click("#leave")
        self.sign_in(BOB)
        self.page.wait_for("document.querySelectorAll('#list li').length == 200")
        self.assertFalse(self.page.evaluate("older.hidden"))
        self.page.evaluate("older.scrollIntoView()")
        self.screenshot("many")


class Problems(PageTest):
    settings = {"limits-user-streams": "1", "limits-max-body": "16k"}

    def test_a_message_that_is_too_long_is_there_to_be_shortened(self):
        self.sign_in()
        text = "Too long. " * 2000
        self.page.click("#question")
        self.page.type(text)
        self.page.press("Enter")
        self.page.wait_for("document.querySelector('.note.error')")
        self.assertIn("too long", self.page.text(".note.error"))
        self.assertEqual(self.page.evaluate("document.querySelector('#question').value"), text.strip())

    def test_without_a_connection_it_says_so_and_asks_again_when_there_is_one(self):
        self.sign_in()
        self.page.disconnect(True)
        self.page.wait_for("!document.querySelector('#offline').hidden")
        self.ask("Is anybody there?")
        self.assertIn("cannot be reached", self.page.text(".note.error"))
        self.screenshot("offline")
        self.page.disconnect(False)
        self.page.wait_for("document.querySelector('#offline').hidden")
        self.page.click(".note button")
        self.page.wait_for("!document.querySelector('.note.error')")
        self.wait_for_answer()
        self.assertEqual(self.page.evaluate("document.querySelectorAll('.message').length"), 2)

    def test_a_database_that_is_down_is_told_in_words(self):
        self.sign_in()
        self.ask("Hello")
        with sqlite3.connect(self.server.database, isolation_level=None) as database:
            database.execute("BEGIN EXCLUSIVE")
            self.ask("While locked")
            database.execute("ROLLBACK")
        self.assertIn("busy at present", self.page.text(".note.error"))
        self.page.wait_for("document.querySelector('.note button:not(:disabled)')")
        self.page.click(".note button")
        self.page.wait_for("!document.querySelector('.note.error')")
        self.wait_for_answer()
        self.assertEqual(len(self.server.rows("SELECT 1 FROM messages")), 4)


class BackendFails(PageTest):
    def setUp(self):
        self.stub = stub.StubBackend()
        self.addCleanup(self.stub.stop)
        self.settings = {"llm-base-url": self.stub.url, "llm-model": "stub", "llm-max-retries": "0",
                         "llm-breaker-failures": "0"}
        super().setUp()

    def test_asking_again_stays_in_the_conversation_that_has_the_question(self):
        self.stub.script = [stub.status(500), stub.status(500), stub.answer("At last.")]
        self.sign_in()
        self.send("Is anybody there?")
        for _ in range(2):
            self.page.wait_for("document.querySelector('.note button:not(:disabled)')")
            self.page.click(".note button")
        self.page.wait_for("document.querySelector('.message.assistant .text').textContent == 'At last.'")
        self.wait_for_answer()
        self.assert_titles(["Is anybody there?"])
        stored = self.server.rows("SELECT role, content, interrupted FROM messages ORDER BY sequence")
        self.assertEqual(stored, [("user", "Is anybody there?", 0), ("assistant", "", 1), ("assistant", "", 1), ("assistant", "At last.", 0)])
        self.page.reload()
        self.page.wait_for("document.querySelectorAll('.message').length === 2")

    def test_a_long_answer_that_comes_quickly_does_not_hold_up_the_page(self):
        words = [f"word {number} " for number in range(4000)]
        self.stub.script = [stub.answer(*words)]
        self.sign_in()
        # The answer is laid out anew at most so often, whatever the number of its pieces.
        self.page.evaluate("""(window.changes = 0, new MutationObserver(seen => { changes += seen.length; })
            .observe(document.querySelector('#talk'), {childList: true, subtree: true, characterData: true}))""")
        self.ask("Tell me everything")
        self.assertEqual(self.page.text(".message.assistant .text").strip(), "".join(words).strip())
        self.assertLess(self.page.evaluate("changes"), 1000)

    def test_an_answer_that_met_its_bound_is_marked_at_once_as_it_is_later(self):
        self.stub.script = [stub.answer("To be continued", reason="length")]
        self.sign_in()
        self.ask("Tell me everything")
        self.assertIn("interrupted", self.page.text(".message.assistant .note"))
        self.page.reload()
        self.page.wait_for("document.querySelectorAll('.message').length == 2")
        self.assertIn("interrupted", self.page.text(".message.assistant .note"))

    def test_an_answer_that_breaks_off_names_the_request_for_who_looks_into_the_log(self):
        self.stub.script = [stub.cut_off(stub.chunk("Half an "))]
        self.sign_in()
        self.ask("Will it break?")
        self.assertEqual(self.page.text(".message.assistant .text").strip(), "Half an")
        request = re.search(r"req_[0-9a-f]{32}", self.page.text(".note.error"))
        self.assertTrue(request, self.page.text(".note.error"))
        wait_for(lambda: request.group(0) in self.server.log(), "the request in the log")


class TooFast(PageTest):
    settings = {"limits-user-rate": "0.25", "limits-user-burst": "4"}

    def test_who_asks_too_quickly_sees_the_seconds_go_by_and_then_gets_an_answer(self):
        self.sign_in()
        for number in range(4):
            self.ask(f"Question {number}")
            if self.page.evaluate("!!document.querySelector('.note button')"):
                break
        self.assertIn("faster than this server allows", self.page.text(".note.error"))
        self.assertRegex(self.page.text(".note button"), r"^Try again in [1-4] s$")
        self.screenshot("too-fast")
        self.page.wait_for("document.querySelector('.note button:not(:disabled)')")
        self.page.click(".note button")
        self.page.wait_for("!document.querySelector('.note.error') && !document.querySelector('.writing')")


if __name__ == "__main__":
    require_programs("chromium")
    unittest.main()

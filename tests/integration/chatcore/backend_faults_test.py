"""Backends that fail in every way there is: typed errors, retries, deadlines, the breaker, what is stored."""
import time
import unittest

from server import wait_for
from backend import BackendTest
from harness import stub_backend as stub
from harness.stub_backend import DONE, answer, chunk, cut_off, event, live, saying, status


class BeforeTheFirstByte(BackendTest):
    settings = {"llm-first-byte-timeout": "300ms", "llm-breaker-failures": "0"}

    def test_what_passes_is_tried_again_and_answered(self):
        for fault in (stub.close, status(500), status(503), status(429)):
            self.stub.script = [fault, fault, answer("At last")]
            before = len(self.stub.requests)
            self.assertEqual(self.complete().json()["choices"][0]["message"]["content"], "At last")
            self.assertGreaterEqual(len(self.stub.requests) - before, 3)
        self.assertGreaterEqual(self.server.metric("chatcore_backend_retries_total"), 8)

    def test_what_lasts_is_an_error_after_three_requests(self):
        self.stub.script = [status(500)]
        refused = self.complete()
        self.assert_error(refused, 503, "unavailable")
        self.assertTrue(refused.headers["Retry-After"])
        self.assertEqual(len(self.stub.requests), 3)

    def test_what_a_request_is_refused_for_is_not_asked_again(self):
        for code, expected in ((301, 502), (308, 502), (400, 400), (401, 502), (403, 502), (404, 502),
                               (422, 400)):
            self.stub.requests.clear()
            self.stub.script = [status(code)]
            refused = self.complete(stream=True)
            self.assert_error(refused, expected, "backend_refused")
            self.assertEqual("its operator" in refused.json()["error"]["message"], expected == 502)
            self.assertEqual(len(self.stub.requests), 1)
        for hint in ("status 401 (type=stub); check its API key", "status 404 (type=stub); check base_url"):
            wait_for(lambda: hint in self.server.log(), hint)

    def test_what_a_backend_calls_the_fault_of_a_request_reaches_the_client_and_the_log(self):
        self.stub.script = [stub.refusal(400, message="two words of mine", code="bad_tool", type="invalid_thing", param="tools.0")]
        error = self.complete().json()["error"]
        self.assertEqual((error["code"], error["type"], error["param"]), ("bad_tool", "invalid_thing", "tools.0"))
        self.assertNotIn("two words", error["message"])
        self.assertIn("language model", error["message"])
        wait_for(lambda: "(code=bad_tool, type=invalid_thing, param=tools.0)" in self.server.log(), "the log line")

    def test_a_suffix_needs_text_completions_of_the_backend(self):
        body = {"prompt": "int a = ", "suffix": ";"}
        for code in (404, 405, 501):
            self.stub.script = [status(code)]
            refused = self.server.request("POST", "/v1/completions", body)
            self.assert_error(refused, 400, "unsupported_parameter")
            self.assertEqual(refused.json()["error"]["param"], "suffix")
        self.stub.script = [stub.refusal(400, message="suffix is not currently supported", type="BadRequestError")]
        self.assertEqual(self.server.request("POST", "/v1/completions", body).status, 400)
        self.stub.script = [stub.refusal(400, message="Unknown field: stream_options"),
                            saying(event({"choices": [{"index": 0, "text": "1", "finish_reason": "stop"}]}), DONE)]
        self.stub.requests.clear()
        filled_in = self.server.request("POST", "/v1/completions", body | {"max_tokens": 5, "stop": ["x"]})
        self.assertEqual(filled_in.json()["choices"][0]["text"], "1")
        self.assertEqual(self.stub.requests[-1].path, "/v1/completions")
        asked = self.stub.requests[-1].json()
        self.assertEqual({name: asked[name] for name in ("prompt", "suffix", "max_tokens", "stop")},
                         body | {"max_tokens": 5, "stop": ["x"]})
        self.assertNotIn("stream_options", asked)

    def test_a_backends_retry_after_is_respected(self):
        self.stub.script = [status(429, Retry_After=1), answer("Now")]
        self.assertEqual(self.complete().status, 200)
        first, second = self.stub.requests
        self.assertGreaterEqual(second.at - first.at, 1.0)

    def test_one_beyond_the_deadline_is_reported_to_the_client_at_once(self):
        self.stub.script = [status(429, Retry_After=3000)]
        began = time.monotonic()
        refused = self.complete()
        self.assert_error(refused, 503, "unavailable")
        self.assertEqual(refused.headers["Retry-After"], "3000")
        self.assertLess(time.monotonic() - began, 5)
        self.assertEqual(len(self.stub.requests), 1)

    def test_silence_is_504_and_not_tried_again(self):
        for silence in (stub.hang, stub.hang_after_headers):
            self.stub.requests.clear()
            self.stub.script = [silence]
            self.assert_error(self.complete(stream=True), 504, "backend_timeout")
            self.assertEqual(len(self.stub.requests), 1)

    def test_what_is_no_stream_is_an_error(self):
        for fault in (stub.wrong_type, saying("data: {not json\n\n"), saying(event({"no": "choices"})),
                      saying(event({"error": {"message": "sk-secret"}})), saying("x" * 300_000), saying()):
            self.stub.script = [fault]
            self.assert_error(self.complete(stream=True), 503, "unavailable")
        self.assertNotIn("sk-secret", self.server.log())

    def test_a_response_that_failed_before_it_began_leaves_nothing_that_nobody_could_find(self):
        self.stub.script = [status(400)]
        self.assert_error(self.server.request("POST", "/v1/responses", {"input": "Hello"}), 400)
        wait_for(lambda: self.server.rows("SELECT count(*) FROM messages") == [(0,)], "an empty database")
        self.stub.script = [answer("Yes")]
        first = self.server.request("POST", "/v1/responses", {"input": "Hello"}).json()["id"]
        self.stub.script = [status(400)]
        self.assert_error(self.server.request("POST", "/v1/responses", {"input": "More", "previous_response_id": first}), 400)
        self.assertGreaterEqual(self.server.rows("SELECT count(*) FROM messages")[0][0], 2)

    def test_who_left_the_id_to_the_server_can_ask_again_in_the_same_conversation(self):
        self.stub.script = [status(400), answer("Yes")]
        refused = self.ask("Hello")
        self.assert_error(refused, 400)
        given = refused.headers["X-Conversation-Id"]
        self.assertEqual(self.ask("Hello", given).text(), "Yes")
        self.assertEqual([row[1:3] for row in self.server.messages(given) if row[2]], [("user", "Hello"), ("assistant", "Yes")])
        self.assertEqual(self.ask("More", given).text(), "Yes")
        self.assertEqual([message["content"] for message in self.stub.requests[-1].json()["messages"]],
                         ["Hello", "Yes", "More"])

    def test_a_question_that_a_backend_failed_at_is_in_no_later_prompt(self):
        for name, fault in {"refused": status(400), "failed": status(500), "an error": saying(event({"error": {}}) * 2),
                            "broken": saying("data: {nonsense\n\n"), "silent": stub.hang, "wordless": answer("")}.items():
            with self.subTest(name):
                self.stub.script = [fault]
                self.ask("Bad", name)
                self.assertEqual([row[1:] for row in self.server.messages(name)],
                                 [("user", "Bad", 0), ("assistant", "", int(name != "wordless"))])
                self.stub.script = [answer("Yes")]
                self.server.stop()
                self.server.start()
                self.assertEqual(self.ask("Good", name).text(), "Yes")
                self.assertEqual([message["content"] for message in self.stub.requests[-1].json()["messages"]], ["Good"])

    def test_one_that_no_backend_saw_is_part_of_the_next(self):
        for name, fault in {"busy": status(503), "limited": status(429), "key": status(401)}.items():
            self.stub.script = [fault]
            self.ask("First", name)
            self.assertEqual([row[1] for row in self.server.messages(name)], ["user"])
            self.stub.script = [answer("Yes")]
            self.assertEqual(self.ask("Second", name).text(), "Yes")
            self.assertEqual(self.stub.requests[-1].json()["messages"], [{"role": "user", "content": "First\n\nSecond"}])


class NobodyListens(BackendTest):
    def test_it_is_503(self):
        self.stub.stop()
        self.assert_error(self.complete(), 503, "unavailable")


class AfterTheFirstByte(BackendTest):
    settings = {"llm-idle-timeout": "300ms", "llm-breaker-failures": "0"}

    def test_a_broken_answer_is_reported_stored_as_interrupted_and_not_requested_again(self):
        half = chunk("Half an ")
        faults = {"cut off": cut_off(half), "cut off within an event": cut_off(half, 'data: {"choi'),
                  "ended without a reason": saying(half), "malformed": saying(half, "data: {nonsense\n\n"),
                  "an error": saying(half, event({"error": {"message": "overloaded"}})),
                  "a huge line": saying(half, "data: " + "x" * 300_000), "silence": None}
        for name, fault in faults.items():
            with self.subTest(name):
                self.stub.requests.clear()
                self.stub.script = [fault or live]
                if not fault:
                    def fall_silent(stream):
                        stream.begin()
                        stream.say(half)
                        return stub.hang(stream)
                    self.stub.script = [fall_silent]
                reply = self.ask("Hello", name)
                self.assertEqual(reply.status, 200)
                self.assertEqual([kind for kind, _ in reply.events()], ["message", "error"])
                self.assertIn("backend_timeout" if name == "silence" else "unavailable", reply.events()[-1][1])
                self.assertEqual(self.server.messages(name)[1][1:], ("assistant", "Half an ", 1))
                self.assertEqual(len(self.stub.requests), 1)

    def test_a_reason_without_the_last_event_is_enough(self):
        self.stub.script = [saying(chunk("All"), chunk(reason="stop"))]
        self.assertEqual(self.complete().json()["choices"][0]["message"]["content"], "All")

    def test_a_connection_left_open_after_the_last_event_is_not_waited_for(self):
        def linger(stream):
            stream.begin()
            stream.say(chunk("All") + chunk(reason="stop") + DONE)
            return stub.hang(stream)
        self.stub.script = [linger]
        self.assertEqual(self.complete().json()["choices"][0]["message"]["content"], "All")


class Total(BackendTest):
    settings = {"llm-total-timeout": "700ms"}

    def test_an_answer_without_end_is_cut_at_the_total_deadline(self):
        def drip(stream):
            stream.begin()
            for _ in range(1000):
                stream.say_text("drip ")
                stream.connection.settimeout(0.05)
                try:
                    if stream.connection.recv(1) == b"":
                        return False
                except TimeoutError:
                    pass
        self.stub.script = [drip]
        reply = self.ask("Hello", "c")
        self.assertIn("backend_timeout", reply.events()[-1][1])
        self.assertEqual(self.server.messages("c")[1][3], 1)


class Breaker(BackendTest):
    settings = {"llm-max-retries": "0", "llm-breaker-failures": "3", "llm-breaker-cooldown": "1s"}

    def test_it_opens_answers_at_once_and_recovers(self):
        self.stub.script = [status(500)]
        for i in range(3):
            self.assertEqual(self.complete(f"Hello {i}").status, 503)
        self.assertEqual(self.breaker("open"), 1)
        refused = self.complete()
        self.assert_error(refused, 503, "unavailable")
        self.assertEqual(refused.headers["Retry-After"], "1")
        self.assertEqual(len(self.stub.requests), 3, "an open breaker asks nobody")
        self.stub.script = [answer("Back")]
        wait_for(lambda: self.breaker("half_open") == 1, "the end of the cool-down")
        self.assertEqual(self.complete().status, 200)
        self.assertEqual(self.breaker("closed"), 1)

    def test_a_failed_try_opens_it_again(self):
        self.stub.script = [status(500)]
        for i in range(3):
            self.complete(f"Hello {i}")
        wait_for(lambda: self.breaker("half_open") == 1, "the end of the cool-down")
        for asked in (4, 5, 5):  # of the second that tries at once, since the first may be at fault itself, and of no third
            self.assertEqual(self.complete(f"Hello {asked}").status, 503)
            self.assertEqual(len(self.stub.requests), asked)
        self.assertEqual(self.breaker("open"), 1)

    def test_one_conversation_shuts_nobody_else_out(self):
        self.stub.script = [status(500)]
        for _ in range(10):
            self.assertEqual(self.ask("Bad", "bad").status, 503)
            self.assertEqual(self.complete("Bad").status, 503)
            self.stub.script = [status(500)]
        self.assertEqual(self.breaker("closed"), 0, "two conversations are more than one")
        self.server.stop()
        self.server.start()
        for _ in range(10):
            self.assertEqual(self.complete("Bad").status, 503)
        self.assertEqual(self.breaker("closed"), 1)

    def test_retries_of_one_request_count_once(self):
        self.server.stop()
        self.server.flags[self.server.flags.index("--llm-max-retries=0")] = "--llm-max-retries=2"
        self.server.start()
        self.stub.script = [status(500)]
        for i in range(2):
            self.assertEqual(self.complete(f"Hello {i}").status, 503)
        self.assertEqual(len(self.stub.requests), 6)
        self.assertEqual(self.breaker("closed"), 1)

    def test_refusals_and_answers_that_break_off_do_not_open_it(self):
        for code in (401, 400, 422, 413, 429):
            self.stub.script = [status(code)]
            for i in range(4):
                self.complete(f"Hello {i}")
        # Nor do answers that break off: who has begun one is not down.
        for fault in (saying(event({"error": {"message": "no"}})), cut_off(chunk("Half an ")), saying("data: {nonsense\n\n")):
            self.stub.script = [fault]
            for i in range(4):
                self.assertGreaterEqual(self.complete(f"Hello {i}").status, 500)
        self.assertEqual(self.breaker("closed"), 1)


class Busy(BackendTest):
    settings = {"llm-max-connections": "1", "llm-queue-timeout": "400ms"}

    def open_one(self):
        self.stub.script = [live]
        client, _ = None, None
        import threading
        threading.Thread(target=lambda: self.complete("first"), daemon=True).start()
        stream = self.stub.take()
        self.addCleanup(stream.given_back.set)
        return stream

    def test_who_waits_too_long_for_a_place_is_sent_away(self):
        self.open_one()
        refused = self.complete("second")
        self.assert_error(refused, 503, "unavailable")
        self.assertTrue(refused.headers["Retry-After"])
        self.assertEqual(len(self.stub.requests), 1)

    def test_a_place_that_becomes_free_goes_to_who_waits(self):
        import concurrent.futures
        stream = self.open_one()
        self.stub.script = [answer("Second")]
        with concurrent.futures.ThreadPoolExecutor() as pool:
            second = pool.submit(self.complete, "second")
            wait_for(lambda: self.server.metric("chatcore_backend_waiting") == 1, "the second in line")
            stream.begin()
            stream.finish()
            stream.given_back.set()
            self.assertEqual(second.result().status, 200)


if __name__ == "__main__":
    unittest.main()

"""Whatever a client gets wrong is answered with a typed 4xx, and nothing of it is stored."""
import json
import socket
import unittest

from server import PATIENCE, ChatcoreTest, quoted


class BadBodies(ChatcoreTest):
    def send(self, body, headers=None):
        return self.server.request("POST", "/api/assistant", body, headers)

    def refuse(self, body, status, code=None, headers=None):
        self.assert_error(self.send(body, headers), status, code)
        self.assert_nothing_stored()

    def test_malformed_json(self):
        for body in ("", "{", "null", "[]", '"text"', '{"message": }', '{"message":"a"} trailing', "{'message':'a'}"):
            with self.subTest(body):
                self.refuse(body, 400, "invalid_json")

    def test_a_depth_bomb(self):
        self.refuse("[" * 200_000, 400, "invalid_json")
        self.refuse('{"message":"a","x":' + "[" * 500_000 + "]" * 499_000 + "}", 400, "invalid_json")

    def test_brackets_inside_a_string_are_no_depth(self):
        self.assertEqual(self.send(json.dumps({"message": "[" * 1000 + '\\"' + "{" * 1000})).status, 200)

    def test_wrong_types_and_missing_fields(self):
        for body, param in (({}, "message"), ({"message": 1}, "message"), ({"message": None}, "message"),
                            ({"message": ["a"]}, "message"), ({"message": "  \n"}, "message"),
                            ({"message": "a", "conversationId": 7}, "conversationId"),
                            ({"message": "a", "conversationId": {}}, "conversationId")):
            with self.subTest(body):
                answer = self.send(body)
                self.assert_error(answer, 400)
                self.assertEqual(answer.json()["error"]["param"], param)
        self.assert_nothing_stored()

    def test_lone_surrogates(self):
        self.refuse('{"message":"\\ud800"}', 400, "invalid_json")
        self.refuse('{"message":"a","conversationId":"\\udfff"}', 400, "invalid_json")

    def test_a_pair_of_surrogates_is_one_character(self):
        self.assertIn("😀", self.send('{"message":"\\ud83d\\ude00"}').text())

    def test_nul(self):
        self.refuse('{"message":"a\\u0000b"}', 400, "invalid_text")
        self.refuse('{"message":"a","conversationId":"a\\u0000"}', 400)

    def test_invalid_utf8(self):
        self.refuse(b'{"message":"\xff\xfe"}', 400, "invalid_json")
        self.refuse(b'{"message":"a","conversationId":"\xc3("}', 400, "invalid_json")

    def test_an_oversized_body(self):
        self.refuse(json.dumps({"message": "a" * (2 << 20)}), 413, "too_large")
        self.assertEqual(self.server.metric('chatcore_requests_total{code="413",route="other"}'), 1)

    def test_a_body_that_is_not_json_by_its_type(self):
        self.refuse('{"message":"a"}', 415, "unsupported_media_type", {"Content-Type": "text/plain"})

    def test_a_page_of_another_site(self):
        self.refuse('{"message":"a"}', 403, "cross_site", {"Origin": "http://evil.example"})

    def test_the_own_page_is_no_other_site(self):
        origin = f"http://127.0.0.1:{self.server.port}"
        self.assertEqual(self.send('{"message":"a"}', {"Origin": origin}).status, 200)


class BadConversationIds(ChatcoreTest):
    def test_ids_that_are_refused_in_a_body(self):
        for name, bad in {"empty": "", "129 bytes": "a" * 129, "a control byte": "a\x01", "a newline": "a\nb",
                          "delete": "\x7f", "a C1 control": "a\u0085"}.items():
            with self.subTest(name):
                self.assert_error(self.ask("Hello", bad), 400, "invalid_conversation_id")
        self.assert_nothing_stored()

    def test_an_id_of_a_mebibyte(self):
        self.assert_error(self.ask("Hello", "a" * 1_000_000), 400, "invalid_conversation_id")
        self.assertEqual(self.ask("Hello", "a" * (1 << 20)).status, 413)
        self.assert_nothing_stored()

    def test_the_longest_id_is_taken(self):
        self.assertEqual(self.ask("Hello", "a" * 128).status, 200)
        self.assertEqual(len(self.server.messages("a" * 128)), 2)

    def test_ids_that_are_refused_in_a_query(self):
        for method in ("GET", "DELETE"):
            for bad in ("", "%00", "%01", "a%0Ab", "%FF", "%C3%28", "a" * 129):
                with self.subTest(f"{method} {bad[:10]}"):
                    answer = self.server.request(method, "/api/conversations?conversationId=" + bad)
                    self.assert_error(answer, 400, "invalid_conversation_id")

    def test_an_unknown_conversation_is_not_found(self):
        for method in ("GET", "DELETE"):
            answer = self.server.request(method, "/api/conversations?conversationId=" + quoted("never/begun"))
            self.assert_error(answer, 404, "conversation_not_found")

    def test_an_unknown_conversation_is_named_alike_by_every_route(self):
        item = {"role": "user", "content": "a"}
        for method, path, body in (("POST", "/v1/responses", {"input": "a", "conversation": "conv_none"}),
                                   ("POST", "/v1/responses", {"input": "a", "conversation": "conv_none", "stream": True}),
                                   ("POST", "/v1/conversations/conv_none/items", {"items": [item]}),
                                   ("GET", "/v1/conversations/conv_none/items", None),
                                   ("POST", "/v1/conversations/conv_none", {"metadata": {}})):
            answer = self.server.request(method, path, body)
            self.assert_error(answer, 404, "conversation_not_found")
            self.assertTrue(answer.json()["error"]["param"], path)

    def test_delete_without_an_id_deletes_nothing(self):
        self.ask("Hello", "a")
        self.assert_error(self.server.request("DELETE", "/api/conversations"), 400)
        self.assertEqual(len(self.server.messages("a")), 2)

    def test_a_limit_that_is_no_number(self):
        self.ask("Hello", "a")
        for limit in ("0", "-1", "x", "501", "99999999999999999999"):
            answer = self.server.request("GET", f"/api/conversations?conversationId=a&limit={limit}")
            self.assert_error(answer, 400)


class BadCompletions(ChatcoreTest):
    def test_requests_that_are_refused(self):
        user = {"role": "user", "content": "a"}
        for body in ({}, {"messages": []}, {"messages": "a"}, {"messages": [1]}, {"messages": [{"role": "user"}]},
                     {"messages": [{"role": "robot", "content": "a"}]}, {"messages": [user] * 20001},
                     {"messages": [user, {"role": "assistant", "content": 7}]},
                     {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
                     {"messages": [user], "stream": "yes"}, {"messages": [user], "max_tokens": 0},
                     {"messages": [user], "max_tokens": -1}, {"messages": [user], "stream_options": 1}):
            with self.subTest(str(body)[:60]):
                self.assert_error(self.server.request("POST", "/v1/chat/completions", body), 400)

    def test_text_parts_are_understood(self):
        message = {"role": "user", "content": [{"type": "text", "text": "Hello"}]}
        answer = self.server.request("POST", "/v1/chat/completions", {"messages": [message]})
        self.assertEqual(answer.status, 200)


class BadHttp(ChatcoreTest):
    def test_an_unknown_path_is_not_found(self):
        self.assert_error(self.server.request("GET", "/nowhere"), 404, "not_found")

    def test_a_wrong_method_is_told_the_right_ones(self):
        answer = self.server.request("PUT", "/api/conversations")
        self.assert_error(answer, 405, "method_not_allowed")
        self.assertEqual(answer.headers["Allow"], "GET, DELETE")

    def test_garbage_instead_of_http(self):
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE) as stream:
            stream.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 garbage\r\n\r\n")
            self.assertRegex(stream.recv(100), rb"^(HTTP/1\.[01] 400|$)")
        self.assertEqual(self.server.request("GET", "/-/healthy").status, 200)


if __name__ == "__main__":
    unittest.main()

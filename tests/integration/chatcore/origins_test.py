"""Pages of other origins, proxies, encodings, wrong paths and keys, and audit lines of deletions."""
import gzip
import os
import unittest

from server import ChatcoreTest, bearer, wait_for

BODY = {"messages": [{"role": "user", "content": "Hi"}]}
APP = {"Origin": "https://app.example"}
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,x-stainless-os"}


class Origins(ChatcoreTest):
    settings = {"allowed-origins": "https://app.example, http://localhost:3000"}

    def test_a_page_of_an_allowed_origin_asks_and_reads(self):
        preflight = self.server.request("OPTIONS", "/v1/chat/completions", headers=APP | PREFLIGHT)
        self.assertEqual(preflight.status, 204)
        self.assertEqual(preflight.headers["access-control-allow-origin"], "https://app.example")
        self.assertEqual(preflight.headers["access-control-allow-methods"], "POST")
        self.assertEqual(preflight.headers["access-control-allow-headers"], "authorization,x-stainless-os")
        for body in (BODY, BODY | {"stream": True}, {"messages": 7}):
            answer = self.server.request("POST", "/v1/chat/completions", body, APP | {"Sec-Fetch-Site": "cross-site"})
            self.assertEqual(answer.status, 400 if body["messages"] == 7 else 200, answer.body)
            self.assertEqual(answer.headers["access-control-allow-origin"], "https://app.example")
            self.assertEqual(answer.headers["vary"], "origin")

    def test_other_origins_and_administration_stay_closed(self):
        for origin in ("https://evil.example", "null", "http://localhost:3001", "https://app.example.evil.example"):
            with self.subTest(origin):
                headers = {"Origin": origin}
                self.assert_error(self.server.request("POST", "/v1/chat/completions", BODY, headers), 403, "cross_site")
                preflight = self.server.request("OPTIONS", "/v1/chat/completions", headers=headers | PREFLIGHT)
                self.assert_error(preflight, 403, "cross_site")
                self.assertIn("allowed_origins", preflight.json()["error"]["message"])
                self.assertNotIn("access-control-allow-origin", preflight.headers)
        self.assert_error(self.server.request("POST", "/admin/sweep", headers=APP), 403, "cross_site")
        self.assertEqual(self.server.request("OPTIONS", "/admin/sweep", headers=APP | PREFLIGHT).status, 403)

    def test_a_preflight_of_our_own_page_is_answered(self):
        own = f"127.0.0.1:{self.server.port}"
        for host, origin in ((own, f"http://{own}"), (own, f"https://{own}"), ("a", "http://a")):
            for path in ("/v1/models", "/", "/admin/sweep", "/v1/chat/completions"):
                with self.subTest(origin=origin, path=path):
                    preflight = self.server.request("OPTIONS", path, headers={"Host": host, "Origin": origin} | PREFLIGHT)
                    self.assertEqual(preflight.status, 204)
                    self.assertNotIn("access-control-allow-origin", preflight.headers)
        self.assertEqual(self.server.request("GET", "/-/healthy").status, 200)

    def test_administration_is_closed_behind_a_proxy(self):
        self.assertEqual(self.server.request("GET", "/admin/memory").status, 200)
        for mark in ("X-Forwarded-For", "X-Forwarded-Proto", "CF-Connecting-IP", "True-Client-IP", "X-Client-IP",
                     "X-Envoy-External-Address", "Forwarded", "Via", "CF-Connecting-IPv6", "Fly-Client-IP", "CDN-Loop",
                     "Proxy-Client-IP", "WL-Proxy-Client-IP", "DO-Connecting-IP", "X-Amzn-Trace-Id", "X-ARR-LOG-ID"):
            with self.subTest(mark):
                answer = self.server.request("GET", "/admin/memory", headers={mark: "192.0.2.1"})
                self.assert_error(answer, 403, "not_from_loopback")


class Requests(ChatcoreTest):
    def test_a_compressed_body_is_refused_by_name(self):
        body = gzip.compress(b'{"messages": [{"role": "user", "content": "Hi"}]}')
        answer = self.server.request("POST", "/v1/chat/completions", body, {"Content-Encoding": "gzip"})
        self.assert_error(answer, 415, "unsupported_content_encoding")
        self.assertEqual(answer.headers["accept-encoding"], "identity")
        answer = self.server.request("POST", "/v1/chat/completions", BODY, {"Content-Encoding": "identity"})
        self.assertEqual(answer.status, 200)

    def test_a_wrong_path_gets_the_right_one_as_a_hint(self):
        for path in ("//v1/chat/completions", "/v1//chat/completions", "/v1/chat/completions/", "/chat/completions",
                     "/v1/v1/chat/completions", "/api/v1/chat/completions"):
            with self.subTest(path):
                answer = self.server.request("POST", path, BODY)
                self.assert_error(answer, 404, "not_found")
                self.assertIn("/v1/chat/completions exists", answer.json()["error"]["message"])

    def test_deletions_and_administration_leave_an_audit_line(self):
        made = self.server.request("POST", "/v1/conversations", {}).json()["id"]
        self.server.request("DELETE", f"/v1/conversations/{made}")
        self.server.request("POST", "/admin/sweep")
        self.ask("A secret question", "one")
        self.server.request("DELETE", "/api/conversations?conversationId=one")
        lines = wait_for(lambda: (lambda found: found if len(found) == 3 else None)(
            [line for line in self.server.log().splitlines() if 'msg="audit"' in line]), "three audit lines")
        self.assertIn(f"path=/v1/conversations/{made}", lines[0])
        self.assertIn("status=200", lines[0])
        self.assertIn("path=/admin/sweep", lines[1])
        self.assertIn("conversation=one", lines[2])
        self.assertNotIn("secret", "".join(lines))


class Keys(ChatcoreTest):
    def setUp(self):
        super().setUp()
        keys = os.path.join(self.server.folder, "keys")
        with open(keys, "w", encoding="utf-8") as file:
            file.write("alice:sk-alice-0123456789\n")
        self.server.stop()
        self.server.flags.append(f"--auth-keys-file={keys}")
        self.server.start()

    def test_any_space_before_the_key_will_do(self):
        for header in ("Bearer sk-alice-0123456789", "bearer  sk-alice-0123456789", "BEARER sk-alice-0123456789 "):
            self.assertEqual(self.server.request("GET", "/v1/models", headers={"Authorization": header}).status, 200)

    def test_wrong_keys_are_slowed_down_and_logged_once(self):
        statuses = [self.server.request("GET", "/v1/models", headers=bearer("sk-wrong-0123456789")).status
                    for _ in range(15)]
        self.assertEqual(statuses[:10], [401] * 10)
        self.assertEqual(statuses[-1], 429)
        self.assertEqual(self.server.request("GET", "/v1/models", headers=bearer("sk-alice-0123456789")).status, 200)
        wait_for(lambda: "audit: repeated wrong keys" in self.server.log(), "the line of the log")
        self.assertEqual(self.server.log().count("audit: repeated wrong keys"), 1)
        self.assertNotIn("sk-wrong", self.server.log())


if __name__ == "__main__":
    unittest.main()

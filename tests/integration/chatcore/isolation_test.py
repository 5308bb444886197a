"""Every route of the table that is a user's: closed to who shows no key, and blind to what is another user's."""
import os
import re
import unittest

from server import bearer
from users_test import ALICE, BOB, WithUsers

ROUTES = os.path.join(os.environ["LEAKGUARD_SOURCE_DIR"], "chatcore", "api", "routes.cc")
# What a route that names something takes as a body.
BODIES = {
    "/v1/conversations/{id}": {"metadata": {"stolen": "yes"}},
    "/v1/conversations/{id}/items": {"items": [{"type": "message", "role": "user", "content": "smuggled in"}]},
}


def routes_of_users():
    """(method, pattern) of every route for users, from the table itself, so that a new one cannot be forgotten."""
    with open(ROUTES, encoding="utf-8") as file:
        found = re.findall(r'Route\{"(\w+)",\s*"([^"]+)",\s*Access::(user|turn)', file.read())
    return [(method, pattern) for method, pattern, _ in found]


class Isolation(WithUsers):
    def as_user(self, key, method, path, body=None):
        return self.server.request(method, path, body, bearer(key))

    def answer_id(self, body):
        answer = self.as_user(ALICE, "POST", "/v1/responses", {"input": "Alice asks"} | body)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["id"]

    def test_no_route_answers_without_a_key(self):
        routes = routes_of_users()
        self.assertGreater(len(routes), 15)
        for method, pattern in routes:
            path = re.sub(r"\{[^}]*\}", "x", pattern)
            body = "{}" if method == "POST" else None
            self.assert_error(self.server.request(method, path, body), 401, "invalid_api_key")
            # Wrong keys are slowed down after the first ones.
            answer = self.server.request(method, path, body, bearer("sk-nobody-0123456789"))
            self.assertIn(answer.status, (401, 429), f"{method} {path}")
            self.assertIn(answer.json()["error"]["code"], ("invalid_api_key", "too_many_wrong_keys"))

    def test_what_is_anothers_is_not_found_by_any_route(self):
        conversation = self.as_user(ALICE, "POST", "/v1/conversations", {"metadata": {"owner": "alice"}}).json()["id"]
        response = self.answer_id({"conversation": conversation})
        items = f"/v1/conversations/{conversation}/items"
        item = self.as_user(ALICE, "GET", items).json()["data"][0]["id"]
        mine = self.as_user(BOB, "POST", "/v1/conversations", {}).json()["id"]
        before = self.as_user(ALICE, "GET", items).body
        tried = 0
        for method, pattern in routes_of_users():
            if "{id}" not in pattern:
                continue
            places = [(response if "responses" in pattern else conversation, item)]
            if "{item}" in pattern:
                places.append((mine, item))  # Alice's message, asked for in a conversation of his own
            for name, each in places:
                path = pattern.replace("{id}", name).replace("{item}", each)
                answer = self.as_user(BOB, method, path, BODIES.get(pattern) if method == "POST" else None)
                self.assert_error(answer, 404)
                tried += 1
        self.assertGreater(tried, 8)
        self.assertEqual(self.as_user(ALICE, "GET", items).body, before)
        whole = self.as_user(ALICE, "GET", f"/v1/conversations/{conversation}").json()
        self.assertEqual(whole["metadata"], {"owner": "alice"})

    def test_an_answer_cannot_be_built_on_anothers(self):
        conversation = self.as_user(ALICE, "POST", "/v1/conversations", {}).json()["id"]
        chained = self.answer_id({})
        for body in ({"conversation": conversation}, {"previous_response_id": chained}):
            self.assert_error(self.as_user(BOB, "POST", "/v1/responses", {"input": "Bob asks"} | body), 404)
        self.assertEqual(self.server.rows("SELECT count(*) FROM conversations WHERE user = 'bob'"), [(0,)])


if __name__ == "__main__":
    unittest.main()

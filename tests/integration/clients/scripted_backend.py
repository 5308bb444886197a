"""A language model for the clients' tests: calls a tool that is offered, answers JSON when asked to, else greets."""
import json

from harness.stub_backend import DONE, chunk, event, saying


def call_of_tool(name):
    """A tool call in two deltas, as OpenAI streams it."""
    begin = {"index": 0, "id": "call_1", "type": "function", "function": {"name": name, "arguments": ""}}
    rest = {"index": 0, "function": {"arguments": '{"city":"Paris"}'}}
    return saying(*(event({"choices": [{"index": 0, "delta": {"tool_calls": [each]}, "finish_reason": None}]})
                    for each in (begin, rest)), chunk(reason="tool_calls"), DONE)


def behave(stream):
    request = stream.json()
    if stream.path.endswith("/v1/completions"):
        assert request["suffix"] == ";"
        text = event({"object": "text_completion", "choices": [{"index": 0, "text": "between", "finish_reason": "stop"}]})
        return saying(text, DONE)(stream)
    offered = request.get("tools")
    if offered and request["messages"][-1]["role"] == "user":
        return call_of_tool(offered[0]["function"]["name"])(stream)
    form = request.get("response_format", {}).get("type")
    if form == "json_object":
        return saying(chunk(json.dumps({"memory": [{"id": "0", "text": "The name is Ada"}]})), chunk(reason="stop"),
                      DONE)(stream)
    if form == "json_schema":
        return saying(chunk('{"city":"Paris"}'), chunk(reason="stop"), DONE)(stream)
    return saying(chunk("Hello "), chunk("there."), chunk(reason="stop"), DONE)(stream)

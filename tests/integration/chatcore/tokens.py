"""Signed tokens as an identity provider makes them: right ones, and whatever a test wants wrong about them."""
import base64
import hashlib
import hmac
import json


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def make_token(claims, secret, header=None, digest=hashlib.sha256):
    parts = [header or {"alg": "HS256", "typ": "JWT"}, claims]
    text = ".".join(encode(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encode(hmac.new(secret.encode(), text.encode(), digest).digest())}"

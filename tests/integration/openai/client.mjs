// The official client, pointed at the server under test and otherwise unconfigured.
import assert from 'node:assert/strict';
import OpenAI from 'openai';

export const url = process.env.CHATCORE_URL;

export function connect(options = {}, address = url) {
  return new OpenAI({ baseURL: `${address}/v1`, apiKey: 'none is asked for', maxRetries: 0, ...options });
}

export async function collect(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

// The promise must fail with that class of the client, which names the request.
export async function fails(promise, type, { status, code, param } = {}) {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof type, `${error?.constructor?.name}: ${error?.message}`);
    assert.match(error.requestID, /^req_[0-9a-f]{32}$/);
    if (status) assert.equal(error.status, status);
    if (code) assert.equal(error.code, code);
    if (param) assert.equal(error.param, param);
    return true;
  });
}

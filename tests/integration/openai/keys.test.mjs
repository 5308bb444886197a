// Against a server that asks for keys and lets a user ask six times at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { connect, fails } from './client.mjs';

test('a wrong key, the right one, and too much of it', async () => {
  await fails(connect({ apiKey: 'wrong' }).models.list(), OpenAI.AuthenticationError);
  const alice = connect({ apiKey: process.env.CHATCORE_KEY });
  const response = await alice.responses.create({ model: 'any', input: 'Hello' });
  assert.equal(response.status, 'completed');
  await assert.rejects(async () => {
    for (let i = 0; i < 7; ++i) await alice.models.list();
  }, (error) => {
    assert.ok(error instanceof OpenAI.RateLimitError, String(error));
    assert.ok(Number(error.headers.get('retry-after')) > 0);
    return true;
  });
});

test('what is another user\'s is not there', async () => {
  const carol = connect({ apiKey: process.env.CHATCORE_KEY_OF_CAROL });
  const bob = connect({ apiKey: process.env.CHATCORE_KEY_OF_BOB });
  const { id } = await carol.conversations.create();
  const response = await carol.responses.create({ model: 'any', input: 'Hello', conversation: id });
  await fails(bob.conversations.retrieve(id), OpenAI.NotFoundError);
  await fails(bob.conversations.delete(id), OpenAI.NotFoundError);
  await fails(bob.conversations.items.retrieve(response.output[0].id, { conversation_id: id }), OpenAI.NotFoundError);
  await fails(bob.responses.retrieve(response.id), OpenAI.NotFoundError);
  await fails(bob.responses.create({ model: 'any', input: 'x', conversation: id }), OpenAI.NotFoundError);
  await fails(bob.responses.create({ model: 'any', input: 'x', previous_response_id: response.id }),
    OpenAI.NotFoundError);
  assert.equal((await carol.responses.retrieve(response.id)).id, response.id);
});

test('requests from pages of other sites are forbidden', async () => {
  const alice = connect({ apiKey: process.env.CHATCORE_KEY, defaultHeaders: { Origin: 'http://elsewhere.example' } });
  await fails(alice.models.list(), OpenAI.PermissionDeniedError);
});

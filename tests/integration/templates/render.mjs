// Renders prompts with chat templates: a line of JSON comes in ({"messages":[…]}), a line goes out for it
// ({"prompts":{"gemma3":"…",…},"errors":{"qwen3":"…",…}}). templates.json lies beside it.
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Template } from '@huggingface/jinja';

const known = JSON.parse(readFileSync(new URL('templates.json', import.meta.url), 'utf-8'));
const templates = Object.entries(known).map(([name, one]) => [name, new Template(one.chat_template), one.bos_token]);

for await (const line of createInterface({ input: process.stdin })) {
  const { messages } = JSON.parse(line);
  const prompts = {}, errors = {};
  for (const [name, template, bos_token] of templates) {
    try {
      prompts[name] = template.render({ messages, bos_token, add_generation_prompt: true });
    } catch (error) {
      errors[name] = String(error.message);
    }
  }
  process.stdout.write(JSON.stringify({ prompts, errors }) + '\n');
}

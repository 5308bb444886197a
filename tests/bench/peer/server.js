// The work of one durable turn, written the way the application of the incident was after its four fixes: one process,
// plain http, one long-lived better-sqlite3 connection, the vector store parsed from JSON and kept in memory, the
// conversations in a plain object, 50 messages each, 10 chunks retrieved for each question.
//
//   node server.js PORT DATABASE VECTORS.json
//
// It does no more than chatcore does for the same request and leaves much out (no validation, no admission, no byte
// budget, no metrics), so the comparison is not unfair to it.
'use strict';
const fs = require('fs');
const http = require('http');
const path = require('path');
const Database = require(path.join(process.env.PEER_MODULES, 'better-sqlite3'));

const [port, databaseFile, vectorFile] = process.argv.slice(2);
const MAX_MESSAGES = 50;
const TOP = 10;

const database = new Database(databaseFile);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.exec(`CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, conversation TEXT, role TEXT, content TEXT,
  created_at INTEGER); CREATE INDEX IF NOT EXISTS by_conversation ON messages (conversation, id)`);
const insert = database.prepare('INSERT INTO messages (conversation, role, content, created_at) VALUES (?, ?, ?, ?)');
const lastMessages = database.prepare(
  `SELECT role, content FROM messages WHERE conversation = ? ORDER BY id DESC LIMIT ${MAX_MESSAGES}`);

const documents = JSON.parse(fs.readFileSync(vectorFile, 'utf8'))._documents;
const dimensions = documents[0].embedding.length;
const conversations = {};

function embed(text) {
  const vector = new Array(dimensions).fill(0);
  for (const word of text.toLowerCase().split(/\W+/)) {
    let hash = 2166136261;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 16777619);
    vector[(hash >>> 0) % dimensions] += 1;
  }
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0)) || 1;
  return vector.map((x) => x / length);
}

function search(question) {
  const scored = [];
  for (const document of documents) {
    const vector = document.embedding;
    let score = 0;
    for (let i = 0; i < dimensions; i++) score += vector[i] * question[i];
    scored.push({score, document});
  }
  scored.sort((a, b) => b.score - a.score);
  return scored.slice(0, TOP).map(({document}) => document.pageContent);
}

function historyOf(id) {
  if (!conversations[id]) conversations[id] = {messages: lastMessages.all(id).reverse(), lastUsed: 0};
  return conversations[id];
}

function keep(conversation, id, role, content) {
  insert.run(id, role, content, Date.now());
  conversation.messages.push({role, content});
  if (conversation.messages.length > MAX_MESSAGES) conversation.messages.splice(0, 2);
  conversation.lastUsed = Date.now();
}

function answerAssistant(body, response) {
  const {message, conversationId} = JSON.parse(body);
  const conversation = historyOf(conversationId);
  keep(conversation, conversationId, 'user', message);
  const passages = search(embed(message));
  const answer = passages.slice(0, 3).map((passage) => passage.split('. ')[0]).join('. ').slice(0, 400);
  response.writeHead(200, {'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store'});
  for (const word of answer.split(/(?<= )/)) response.write(`data: ${JSON.stringify({data: word})}\n\n`);
  keep(conversation, conversationId, 'assistant', answer);
  response.end('event: end\ndata: {}\n\n');
}

http.createServer((request, response) => {
  if (request.method === 'GET') return response.end('ready');
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => answerAssistant(Buffer.concat(pieces).toString(), response));
}).listen(Number(port), '127.0.0.1');

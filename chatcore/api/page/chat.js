"use strict";
// Whatever comes from people or from the server is put in as text, never as markup.

const at = id => document.getElementById(id);
const talk = at("talk"), list = at("list"), question = at("question"), send = at("send");
const KEY = "chatcore.key", PLACE = "chatcore.conversation";
const INTERRUPTED = "This answer was interrupted.";
const MOST_SHOWN = 100;    // messages of a conversation that is opened
const MOST_LISTED = 200;   // conversations that the server lists
let conversation = null;   // the id shown, null for one that has not begun
let running = null;        // the AbortController of the answer being written
let shown = 0;             // counts what was opened, so that a late answer of an earlier one is dropped

function make(tag, name, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  return element;
}

// --- who asks

class SignedOut extends Error {}

// A request with the key, if there is one. Throws SignedOut when the server wants another one.
async function request(path, options = {}) {
  const key = sessionStorage.getItem(KEY);
  const headers = {...options.headers, ...(key && {Authorization: "Bearer " + key})};
  const response = await fetch(path, {...options, headers});
  if (response.status !== 401) return response;
  const {message} = await errorOf(response);
  sessionStorage.removeItem(KEY);
  askForKey(key ? message + "." : "");
  throw new SignedOut();
}

function askForKey(problem) {
  running?.abort();
  at("leave").hidden = true;
  list.replaceChildren();
  at("older").hidden = true;
  showEmpty();
  at("entry-problem").textContent = problem;
  if (!at("entry").open) at("entry").showModal();
  at("key").focus();
}

at("entry-form").onsubmit = async event => {
  event.preventDefault();
  const key = at("key").value.trim();
  // Anything else cannot stand in a header, and fetch would say so in words for programmers.
  if (!/^[\x21-\x7e]+$/.test(key)) return at("entry-problem").textContent = "A key has no spaces and only plain letters, digits and signs.";
  sessionStorage.setItem(KEY, key);
  at("enter").disabled = true;
  try {
    if (await refreshList()) {
      at("key").value = "";
      at("entry").close();
      await openLast();
    }
  } finally {
    at("enter").disabled = false;
  }
};
// The page is of no use without a key: Escape does not close the question for it.
at("entry").onkeydown = event => { if (event.key === "Escape") event.preventDefault(); };
at("entry").oncancel = event => event.preventDefault();

at("leave").onclick = () => {
  showPlace(null, "New conversation");  // what is still on its way belongs to who has left
  sessionStorage.clear();
  write("");
  leaveList();
  askForKey("");
};

// --- what went wrong, in words and with what to do

async function errorOf(response) {
  const body = await response.json().catch(() => null);
  return {
    status: response.status,
    code: body?.error?.code ?? "",
    message: body?.error?.message ?? "",
    wait: Number(response.headers.get("Retry-After")) || 0,
    request: response.headers.get("X-Request-Id") ?? "",
  };
}

function wordsOf({status, code, message, request}) {
  if (code === "too_many_streams") return "Other answers of yours are still being written. Wait for one of them, or stop it.";
  if (status === 429) return "You are asking faster than this server allows.";
  if (status === 409) return "This conversation is being answered elsewhere. Wait for that answer.";
  if (status === 413) return "This message is too long for the server. Shorten it and send it again.";
  if (code === "draining") return "The server is restarting.";
  if (status === 503) return "The server is busy at present.";
  if (status === 504) return "The language model took too long to answer.";
  if (status >= 500) return `Something went wrong on the server${request ? ` (request ${request})` : ""}.`;
  return (message || `The server answered ${status}`) + ".";
}

const UNREACHABLE = {words: "The server cannot be reached. Check the connection."};

function addNote(message, text, isError) {
  const note = make("div", isError ? "note error" : "note");
  const words = make("span", "", text);
  words.dir = "auto";
  note.append(words);
  message.append(note);
  return note;
}

// A problem below an answer, with a button to ask again that counts down while it is too early.
function addProblem(message, words, wait, again) {
  const note = addNote(message, words, true);
  at("status").textContent = words;
  if (!again) return;
  const button = make("button");
  button.type = "button";
  button.onclick = again;
  note.append(button);
  const until = Date.now() + wait * 1000;
  const tick = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
    if (left > 0 && button.isConnected) setTimeout(tick, 250);
  };
  tick();
}

// --- the conversation shown

function isAtBottom() { return talk.scrollHeight - talk.scrollTop - talk.clientHeight < 80; }
function toBottom() { talk.scrollTop = talk.scrollHeight; }

function addMessage(role, text) {
  talk.querySelector(".empty")?.remove();
  const message = make("article", "message " + role);
  message.setAttribute("aria-label", role === "user" ? "You" : "Answer");
  const body = make("div", "text", text);
  body.dir = "auto";
  message.append(body);
  talk.append(message);
  return message;
}

function showEmpty() {
  const empty = make("div", "empty");
  empty.append(make("h1", "", "What would you like to know?"),
               make("p", "", "Answers draw on the texts this server was given, where they bear on the question."));
  talk.replaceChildren(empty);
}

function showPlace(id, title) {
  ++shown;
  conversation = id;
  if (id) sessionStorage.setItem(PLACE, id);
  else sessionStorage.removeItem(PLACE);
  at("heading").textContent = title;
  document.title = id ? title + " – chatcore" : "chatcore";
}

function startNew() {
  running?.abort();
  showPlace(null, "New conversation");
  showEmpty();
  leaveList();
  markCurrent();
  // On a touch screen the keyboard would cover half of it unasked.
  if (matchMedia("(hover: hover)").matches) question.focus();
}

async function openConversation(id, title) {
  running?.abort();
  leaveList();
  showPlace(id, title || "Untitled");
  const own = shown;
  markCurrent();
  try {
    const response = await request(`/api/conversations?limit=${MOST_SHOWN}&conversationId=` + encodeURIComponent(id));
    if (own !== shown) return;
    if (response.status === 404) return startNew();
    talk.replaceChildren();
    if (!response.ok) {
      const error = await errorOf(response);
      return addProblem(talk, wordsOf(error), error.wait, () => openConversation(id, title));
    }
    const {messages} = await response.json();
    if (own !== shown) return;
    const talked = messages.filter(entry => entry.role !== "system");
    if (talked.length >= MOST_SHOWN && talked[0].sequence > 1) {
      addNote(talk, `Only the last ${MOST_SHOWN} messages are shown.`);
    }
    for (const [place, entry] of talked.entries()) {
      // An attempt at the answer that follows it.
      if (entry.interrupted && !entry.content && talked[place + 1]?.role === "assistant") continue;
      const message = addMessage(entry.role, entry.content);
      if (entry.interrupted) addNote(message, INTERRUPTED);
    }
    toBottom();
  } catch (error) {
    if (error instanceof SignedOut || own !== shown) return;
    talk.replaceChildren();
    addProblem(talk, UNREACHABLE.words, 0, () => openConversation(id, title));
  }
}

// After a reload of the page, what was shown before it.
async function openLast() {
  const id = sessionStorage.getItem(PLACE);
  const row = [...list.children].find(each => each.dataset.id === id);
  if (id) await openConversation(id, row?.dataset.title);
  else startNew();
}

// --- the list

function whenText(seconds) {
  const minutes = Math.round((Date.now() / 1000 - seconds) / 60);
  const relative = new Intl.RelativeTimeFormat("en", {numeric: "auto"});
  if (minutes < 1) return "just now";
  if (minutes < 60) return relative.format(-minutes, "minute");
  if (minutes < 60 * 24) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 60 / 24), "day");
}

function crossIcon() {
  const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("width", "14");
  icon.setAttribute("height", "14");
  icon.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M3 3l10 10M13 3L3 13");
  path.setAttribute("stroke", "currentColor");
  path.setAttribute("stroke-width", "1.6");
  path.setAttribute("stroke-linecap", "round");
  icon.append(path);
  return icon;
}

function rowOf({conversationId: id, title, lastUsed}) {
  const row = make("li");
  row.dataset.id = id;
  row.dataset.title = title || "Untitled";
  const open = make("button", "open");
  const name = make("span", "title", row.dataset.title);
  name.dir = "auto";
  open.append(name, make("span", "when", whenText(lastUsed)));
  open.onclick = () => openConversation(id, row.dataset.title);
  const drop = make("button", "drop");
  drop.setAttribute("aria-label", "Delete " + row.dataset.title);
  drop.append(crossIcon());
  drop.onclick = () => dropConversation(id, row.dataset.title);
  row.append(open, drop);
  return row;
}

function markCurrent() {
  for (const row of list.children) {
    row.classList.toggle("current", row.dataset.id === conversation);
    row.querySelector(".open").setAttribute("aria-current", row.dataset.id === conversation);
  }
}

// Whether the server let us see it.
async function refreshList() {
  const key = sessionStorage.getItem(KEY);
  try {
    const response = await request("/api/conversations");
    const listed = response.ok && await response.json();
    // Whoever asked for it has signed out meanwhile, and somebody else may be looking.
    if (sessionStorage.getItem(KEY) !== key) return false;
    if (listed) {
      const rows = listed.conversations.map(rowOf);
      // Who moves by keyboard stays where they are.
      const focused = list.contains(document.activeElement) ? document.activeElement : null;
      const place = focused ? [...list.children].indexOf(focused.closest("li")) : 0;
      list.replaceChildren(...rows);
      at("older").hidden = rows.length < MOST_LISTED;
      if (focused) {
        const row = rows.find(each => each.dataset.id === focused.closest("li").dataset.id) ?? rows[place] ?? rows.at(-1);
        (row?.querySelector("." + focused.className) ?? at("new")).focus();
      }
      markCurrent();
    }
    at("leave").hidden = !sessionStorage.getItem(KEY);
    return true;
  } catch (error) {
    if (!(error instanceof SignedOut) && at("entry").open) at("entry-problem").textContent = UNREACHABLE.words;
    return false;
  }
}

function dropConversation(id, title) {
  at("removal-name").textContent = title;
  at("removal").returnValue = "no";
  at("removal").onclose = () => at("removal").returnValue === "yes" && removeConversation(id);
  at("removal").showModal();
  at("keep").focus();
}

async function removeConversation(id) {
  if (id === conversation) running?.abort();
  try {
    const response = await request("/api/conversations?conversationId=" + encodeURIComponent(id), {method: "DELETE"});
    if (response.ok || response.status === 404) {
      at("status").textContent = "Deleted.";
      if (id === conversation) startNew();
    } else {
      addProblem(talk, "It was not deleted. " + wordsOf(await errorOf(response)), 0);
    }
  } catch (error) {
    if (error instanceof SignedOut) return;
    addProblem(talk, "It was not deleted. " + UNREACHABLE.words, 0);
  }
  refreshList();
}

// On a narrow screen the list lies over the conversation, and the keyboard goes where the eye does.
function showList(shows) {
  if (document.body.classList.contains("listing") === shows) return;
  document.body.classList.toggle("listing", shows);
  at("menu").setAttribute("aria-expanded", shows);
  at(shows ? "new" : "menu").focus();
}
function leaveList() { showList(false); }

// --- asking

// Splits a stream into server-sent events: {event, data}.
async function* eventsOf(body) {
  let rest = "";
  for (const reader = body.pipeThrough(new TextDecoderStream()).getReader();;) {
    const {value, done} = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const event = {event: "message", data: ""};
      for (const line of block.split("\n")) {
        if (line.startsWith("event: ")) event.event = line.slice(7);
        else if (line.startsWith("data: ")) event.data += line.slice(6);
      }
      if (event.data) yield event;  // a comment keeps the connection alive and says nothing
    }
  }
}

// Puts in once a frame what has come meanwhile: laying out a long answer anew for every word would hold up the page.
function writerInto(element) {
  const words = document.createTextNode("");
  element.append(words);
  let waiting = "", frame = 0;
  const flush = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    if (!waiting) return;
    const follow = isAtBottom();
    words.appendData(waiting);
    waiting = "";
    if (follow) toBottom();
  };
  const add = text => {
    waiting += text;
    frame ||= requestAnimationFrame(flush);
  };
  return {add, flush};
}

async function streamAnswer(response, answer) {
  const writer = writerInto(answer.querySelector(".text"));
  try {
    for await (const {event, data} of eventsOf(response.body)) {
      const value = JSON.parse(data);
      if (event === "end") {
        if (value.interrupted) addNote(answer, INTERRUPTED);
        return at("status").textContent = value.interrupted ? INTERRUPTED : "The answer is complete.";
      }
      if (event === "error") {
        const request = response.headers.get("X-Request-Id") ?? "";
        return addProblem(answer, wordsOf({status: 500, ...value.error, request}), 0);
      }
      writer.add(value.data);
    }
    addProblem(answer, "The connection was lost. What had been written by then is kept.", 0);
  } finally {
    writer.flush();
  }
}

// A conversation's id is chosen here, so that whoever asks again after a fault goes on in the same one: its question may
// have been stored already.
function newId() {
  return "conv_" + [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, "0")).join("");
}

async function ask(text) {
  if (!conversation) showPlace(newId(), text);
  const asked = addMessage("user", text);
  const answer = addMessage("assistant writing", "");
  const again = () => { asked.remove(); answer.remove(); ask(text); };
  toBottom();
  const own = running = new AbortController();
  showRunning();
  try {
    const response = await request("/api/assistant", {
      method: "POST", signal: own.signal, headers: {"Content-Type": "application/json"},
      body: JSON.stringify({message: text, conversationId: conversation}),
    });
    if (!response.ok) {
      const error = await errorOf(response);
      // What has to be changed before it is sent again is there to be changed.
      const isRefused = [400, 413].includes(error.status);
      if (isRefused && !question.value) write(text);
      return addProblem(answer, wordsOf(error), error.wait, isRefused ? null : again);
    }
    await streamAnswer(response, answer);
  } catch (error) {
    if (error instanceof SignedOut) question.value = text;
    else if (error.name === "AbortError") addNote(answer, "Stopped. What was written is kept.");
    else if (answer.querySelector(".text").textContent) addProblem(answer, "The connection was lost. What had been written by then is kept.", 0);
    else addProblem(answer, UNREACHABLE.words, 0, again);
  } finally {
    answer.classList.remove("writing");
    if (isAtBottom()) toBottom();
    if (running === own) { running = null; showRunning(); }
    if (!at("entry").open) refreshList();
  }
}

function write(text) {
  question.value = text;
  question.dispatchEvent(new Event("input"));
}

function showRunning() {
  send.textContent = running ? "Stop" : "Send";
  send.classList.toggle("stop", !!running);
  send.disabled = !running && !question.value.trim();
}

at("form").onsubmit = event => {
  event.preventDefault();
  if (running) return running.abort();
  const text = question.value.trim();
  if (!text) return;
  write("");
  ask(text);
};
question.oninput = () => {
  question.style.height = "auto";
  question.style.height = question.scrollHeight + "px";
  showRunning();
};
question.onkeydown = event => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing && !running) {
    event.preventDefault();
    at("form").requestSubmit();
  }
};
document.onkeydown = event => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  if (document.body.classList.contains("listing")) leaveList();
  else running?.abort();
};
at("new").onclick = startNew;
at("menu").onclick = () => showList(!document.body.classList.contains("listing"));
at("veil").onclick = leaveList;
window.onoffline = window.ononline = () => {
  at("offline").hidden = navigator.onLine;
  if (navigator.onLine && !at("entry").open) refreshList();
};

showRunning();
showEmpty();
refreshList().then(seen => { if (seen) return openLast(); });

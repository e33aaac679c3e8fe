/* The page's line to the server: one socket, and polling while there is none. It shows nothing itself.
   Events on the window, each with the message as `detail`:
     helpdesk:board       {epoch, seq, tag, server_time, banners, source: "socket"|"poll", isNewEpoch}  all that is true
     helpdesk:banner      {epoch, seq, banner}    helpdesk:retire  {epoch, seq, id, version, reason}
     helpdesk:tick        {epoch, seq, tag, server_time}
     helpdesk:connection  {state: "live"|"connecting"|"offline"|"polling", since, signedOut}
     helpdesk:ticket, helpdesk:queue, helpdesk:reach, helpdesk:presence  for staff
   `window.helpdesk.live`: send(verb, data) → promise of the acknowledgement, state, board (the last whole one). */
import { csrfToken, request } from './net.js';

const BOARD_URL = '/api/v1/me/board';
const RECEIPTS_URL = '/api/v1/me/receipts';
const SILENCE = 25_000; // without a heartbeat for this long the socket does not count
const CHECK = 5_000;
const POLL_LIVE = 120_000;
const POLL_DOWN = 10_000;
const ACK = 5_000;
const PASSED_ON = ['ticket', 'queue', 'reach', 'presence'];

const state = { state: 'connecting', since: Date.now() };
const known = { epoch: null, seq: -1, tag: null, versions: new Map() };
let socket = null;
let heardAt = 0;
let pollTimer = null;
let polling = null;
let signedOut = false;
let lastBoard = null;

const tell = (name, detail) => window.dispatchEvent(new CustomEvent(`helpdesk:${name}`, { detail }));
const isHeard = () => socket?.connected === true && Date.now() - heardAt < SILENCE;
const jitter = (time) => time * (0.7 + 0.6 * Math.random());

function setState(next) {
  if (state.state === next) return;
  state.state = next;
  state.since = Date.now();
  tell('connection', { ...state, signedOut });
}

/* --- what is known --- */

function takeBoard(board, source) {
  if (board.epoch === known.epoch && board.seq < known.seq) return; // a slow answer: newer things were heard meanwhile
  const isNewEpoch = known.epoch !== null && board.epoch !== known.epoch;
  Object.assign(known, { epoch: board.epoch, seq: board.seq, tag: board.tag });
  known.versions = new Map(board.banners.map((banner) => [banner.id, banner.version]));
  lastBoard = board;
  tell('board', { ...board, source, isNewEpoch });
}

/** Whether a change belongs to what is known; one of another epoch asks for the whole board instead. */
function follows(message) {
  if (message.epoch !== known.epoch) {
    resync();
    return false;
  }
  known.seq = Math.max(known.seq, message.seq);
  known.tag = null; // of the board as it is now: the next heartbeat asks
  return true;
}

function takeBanner(message) {
  if (!follows(message)) return;
  const { id, version } = message.banner;
  if (version < (known.versions.get(id) ?? -1)) return;
  known.versions.set(id, version);
  tell('banner', message);
}

function takeRetire(message) {
  if (!follows(message)) return;
  if (message.version < (known.versions.get(message.id) ?? -1)) return;
  known.versions.delete(message.id);
  tell('retire', message);
}

function takeTick(message) {
  tell('tick', message);
  if (message.epoch !== known.epoch || message.tag !== known.tag) resync();
}

/** Compare boards with the server: it answers with the tag when they are the same, else it sends the whole board. */
async function resync() {
  if (!socket?.connected) return;
  try {
    const answer = await emit('resync', { epoch: known.epoch, have: Object.fromEntries(known.versions) });
    if (answer.tag) known.tag = answer.tag;
  } catch { /* the next heartbeat or poll finds it */ }
}

/* --- the socket --- */

function connect() {
  if (!window.io) return;
  socket = window.io('/live', {
    transports: ['websocket'],
    auth: (give) => give({ csrf: csrfToken() }),
    reconnectionDelay: 500,
    reconnectionDelayMax: 20_000,
    randomizationFactor: 0.5,
    timeout: 10_000,
  });
  const heard = (then) => (message) => {
    heardAt = Date.now();
    setState('live');
    then(message);
  };
  socket.on('board', heard((board) => takeBoard(board, 'socket')));
  socket.on('banner', heard(takeBanner));
  socket.on('retire', heard(takeRetire));
  socket.on('tick', heard(takeTick));
  for (const name of PASSED_ON) socket.on(name, (message) => tell(name, message));
  socket.on('connect', () => { heardAt = Date.now(); plan(); });
  socket.on('connect_error', lost); // refused: polling finds out whether the session is over
  socket.on('disconnect', lost);
}

function lost() {
  if (signedOut) return;
  setState(navigator.onLine ? 'connecting' : 'offline');
  plan(Math.random() * 2000); // not all pages at once when a server goes
}

function reconnect() {
  // After the server ended it (too many pages, signed out elsewhere) the library does not try again by itself.
  if (socket && !socket.connected && !socket.active && !signedOut) socket.connect();
}

/* --- polling --- */

function plan(delay = jitter(isHeard() ? POLL_LIVE : POLL_DOWN)) {
  clearTimeout(pollTimer);
  if (!document.hidden && !signedOut) pollTimer = setTimeout(poll, delay);
}

async function poll() {
  clearTimeout(pollTimer);
  polling ??= fetchBoard().finally(() => { polling = null; });
  await polling;
  plan();
}

async function fetchBoard() {
  let answer;
  try {
    answer = await fetch(BOARD_URL, {
      credentials: 'same-origin',
      cache: 'no-store',
      headers: known.tag ? { 'If-None-Match': `"${known.tag}"` } : {},
      signal: AbortSignal.timeout(15_000),
    });
    if (answer.ok) takeBoard(await answer.json(), 'poll');
  } catch {
    if (!isHeard()) setState('offline');
    return;
  }
  if (answer.status === 401) {
    signedOut = true;
    socket?.disconnect();
    setState('offline');
  } else if (!isHeard()) {
    setState(answer.ok || answer.status === 304 ? 'polling' : 'connecting');
  }
}

/** Learn at once what was missed: the page was hidden, asleep or offline. */
function catchUp() {
  if (document.hidden) clearTimeout(pollTimer);
  else {
    reconnect();
    poll();
  }
}

/* --- what the page sends --- */

async function emit(verb, data) {
  const answer = await socket.timeout(ACK).emitWithAck(verb, data);
  if (answer.error) throw Object.assign(new Error(answer.message || answer.error), { code: answer.error });
  return answer;
}

/** Send a message; the promise gives the acknowledgement. Receipts go by HTTP when the socket does not take them. */
async function send(verb, data = {}) {
  if (socket?.connected) {
    try {
      return await emit(verb, data);
    } catch (error) {
      if (error.code || verb !== 'receipt') throw error; // refused: another way would be refused as well
    }
  }
  if (verb !== 'receipt') throw new Error('not connected');
  return request('POST', RECEIPTS_URL, { body: data });
}

window.helpdesk = Object.assign(window.helpdesk ?? {}, {
  live: {
    send,
    get state() { return { ...state }; },
    get board() { return lastBoard; },
  },
});

setInterval(() => {
  if (socket?.connected && !isHeard() && state.state === 'live') {
    setState('connecting');
    poll();
  }
}, CHECK);
document.addEventListener('visibilitychange', catchUp);
window.addEventListener('pageshow', (event) => { if (event.persisted) catchUp(); });
window.addEventListener('online', catchUp);
window.addEventListener('offline', () => { if (!isHeard()) setState('offline'); });
connect();
plan();

/* The bars that call a person of the staff, and the briefings beside the queue. Asked again every minute while the page is visible, when the page comes back,
   and when the heartbeat or a push says that something has changed. A page that cannot ask keeps what it shows. */
import { say } from '/static/js/say.js';
import { refreshTimes } from '/static/js/times.js';

const EVERY_MS = 60000;
const AT_MOST_EVERY_MS = 3000;
const KEYS = { call: { urgent: true }, briefing: {} };
const place = document.getElementById('response-bars');
const side = document.querySelector('[data-briefings]');
let asked = Date.now();
let timer = 0;
let seq = null;

if (place) {
  plan();
  document.addEventListener('visibilitychange', () => { if (!document.hidden) soon(); });
  window.addEventListener('helpdesk:tick', ({ detail }) => {
    if (seq !== null && detail.seq !== seq) soon();
    seq = detail.seq;
  });
  window.addEventListener('helpdesk:board', ({ detail }) => { seq = detail.seq; soon(); });
  for (const name of ['helpdesk:reach', 'helpdesk:banner', ...(side ? ['helpdesk:queue'] : [])]) window.addEventListener(name, soon);
}

function plan() {
  clearTimeout(timer);
  timer = setTimeout(ask, EVERY_MS);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(ask, Math.max(0, asked + AT_MOST_EVERY_MS - Date.now()));
}

async function ask() {
  asked = Date.now();
  plan();
  if (document.hidden || place.contains(document.activeElement)) return;
  const address = place.dataset.responseBars + (side ? '?side=queue' : '');
  try {
    const answer = await fetch(address, { credentials: 'same-origin', redirect: 'error', signal: AbortSignal.timeout(15000) });
    if (answer.ok) show(await answer.text());
  } catch { /* asked again later */ }
}

function show(html) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const fresh = Object.keys(KEYS).map((key) => news(parsed, key)).find(Boolean);
  const beside = parsed.querySelector('[data-briefings]');
  beside?.remove();
  put(place, parsed.body);
  if (side && beside && !side.contains(document.activeElement)) put(side, beside);
  if (fresh) say(fresh.text, fresh.how);
}

function put(where, from) {
  where.replaceChildren(...from.childNodes);
  refreshTimes(where);
}

/* What to say of the first bar or panel of a kind that was not there yet. Bars that are open stay open. */
function news(parsed, key) {
  const all = (root) => (root ? [...root.querySelectorAll(`[data-${key}]`)] : []);
  const known = new Map([...all(place), ...all(side)].map((one) => [one.dataset[key], one]));
  for (const one of all(parsed)) if (known.get(one.dataset[key])?.open) one.open = true;
  const fresh = all(parsed).find((one) => !known.has(one.dataset[key]));
  return fresh && { text: fresh.querySelector('.callbar__t, p').textContent, how: { ...KEYS[key], about: `${key}-${fresh.dataset[key]}` } };
}

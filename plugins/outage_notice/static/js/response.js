/* The bars that call a person of the staff. Asked again every minute while the page is visible, when the page comes back,
   and when the heartbeat or a push says that something has changed. A page that cannot ask keeps what it shows. */
import { say } from '/static/js/say.js';
import { refreshTimes } from '/static/js/times.js';

const EVERY_MS = 60000;
const AT_MOST_EVERY_MS = 3000;
const place = document.getElementById('response-bars');
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
  for (const name of ['helpdesk:reach', 'helpdesk:banner']) window.addEventListener(name, soon);
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
  try {
    const answer = await fetch(place.dataset.responseBars, { credentials: 'same-origin', redirect: 'error', signal: AbortSignal.timeout(15000) });
    if (answer.ok) show(await answer.text());
  } catch { /* asked again later */ }
}

function show(html) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  const known = new Set([...place.querySelectorAll('[data-call]')].map((bar) => bar.dataset.call));
  const fresh = [...parsed.querySelectorAll('[data-call]')].find((bar) => !known.has(bar.dataset.call));
  place.replaceChildren(...parsed.body.childNodes);
  refreshTimes(place);
  if (fresh) say(fresh.querySelector('p').textContent, { urgent: true, about: `call-${fresh.dataset.call}` });
}

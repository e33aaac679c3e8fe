/* The surge hint above the queue follows what happens without reloading. It is never replaced under somebody's hands. */
import { say } from '/static/js/say.js';

const WAIT = 300;
const POLL = 30_000;
let timer = 0;

const place = () => document.querySelector('[data-surge]');

function put(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html').querySelector('[data-surge]');
  const old = place();
  if (!fresh || !old || fresh.dataset.surgeState === old.dataset.surgeState || old.contains(document.activeElement)) return;
  const isNew = fresh.dataset.surgeId && fresh.dataset.surgeId !== old.dataset.surgeId;
  old.replaceWith(document.adoptNode(fresh));
  if (isNew) say(fresh.dataset.surgeWords, { about: 'surge' });
}

async function refresh() {
  if (document.hidden) return;
  try {
    const response = await fetch('/outages/surge', { credentials: 'same-origin', headers: { Accept: 'text/html' } });
    if (response.ok && !response.redirected) put(await response.text());
  } catch { /* the next change, or the next visit, shows it */ }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, WAIT + Math.random() * WAIT);
}

if (place()) {
  window.addEventListener('helpdesk:queue', later);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) later(); });
  setInterval(() => { if (window.helpdesk?.live?.state !== 'live') refresh(); }, POLL);
}

/* The queue: rows follow changes without losing selection, focus or place; single keys work while the list has focus. */
import { say } from './say.js';
import { refreshTimes } from './times.js';

const form = document.getElementById('queue');
const KEYS = 'queue-keys';
const WAIT = 400;
const TYPES_TEXT = 'input:not([type=checkbox]), textarea, select';
let timer = 0;
let asked = null;

const rows = (root = form) => [...root.querySelectorAll('tr[data-number]')];
const boxOf = (row) => row.querySelector('input[type=checkbox]');

/* Where the focus is, as something that can be found again in new markup. */
function rememberFocus() {
  const el = document.activeElement;
  const row = el?.closest?.('tr[data-number]');
  if (!row || !form.contains(row)) return null;
  const index = [...row.querySelectorAll('a, button, input')].indexOf(el);
  return { number: row.dataset.number, index };
}

function giveFocusBack(place) {
  if (!place || document.activeElement?.isConnected && document.activeElement !== document.body) return;
  const row = form.querySelector(`tr[data-number="${place.number}"]`);
  row?.querySelectorAll('a, button, input')[place.index]?.focus({ preventScroll: true });
}

function mergeRows(body, fresh) {
  const place = rememberFocus();
  const old = new Map(rows(body).map((row) => [row.dataset.number, row]));
  let before = body.firstElementChild;
  for (const row of rows(fresh)) {
    const known = old.get(row.dataset.number);
    old.delete(row.dataset.number);
    let use = row;
    if (known && known.dataset.version === row.dataset.version) use = known;
    else if (known) {
      boxOf(row).checked = boxOf(known).checked;
      if (before === known) before = known.nextElementSibling;
      known.remove();
    }
    if (use === before) before = before.nextElementSibling;
    else body.insertBefore(use, before);
  }
  for (const row of old.values()) {
    if (boxOf(row).checked || row.contains(document.activeElement)) markAsGone(row);
    else row.remove();
  }
  giveFocusBack(place);
  refreshTimes(body);
}

/* A row that somebody selected, or stands on, stays until the page is loaded again. */
function markAsGone(row) {
  if (row.classList.contains('is-gone')) return;
  row.classList.add('is-gone');
  const note = Object.assign(document.createElement('span'), { className: 'q__m', textContent: form.dataset.gone });
  row.querySelector('.q__t').after(note);
}

function merge(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  const list = form.querySelector('[data-queue-list]');
  const tabs = fresh.querySelector('.tabs');
  if (tabs && !list.querySelector('.tabs').contains(document.activeElement)) list.querySelector('.tabs').replaceWith(document.adoptNode(tabs));
  const mine = list.querySelector('tbody');
  const theirs = fresh.querySelector('tbody');
  if (mine && theirs) mergeRows(mine, document.adoptNode(theirs));
  else if (!form.querySelector('input[name=number]:checked') && !list.querySelector('[data-queue-table]').contains(document.activeElement)) {
    list.querySelector('[data-queue-table]').replaceWith(document.adoptNode(fresh.querySelector('[data-queue-table]')));
  }
  form.dispatchEvent(new Event('change', { bubbles: true }));
}

async function refresh() {
  asked?.abort();
  asked = new AbortController();
  const url = new URL(form.dataset.fragment, location.href);
  url.search = location.search;
  url.searchParams.set('fragment', '1');
  try {
    const response = await fetch(url, { credentials: 'same-origin', headers: { Accept: 'text/html' }, signal: asked.signal });
    if (!response.ok || response.redirected) return;
    merge(await response.text());
    say(form.dataset.changed, { about: 'queue' });
  } catch { /* the next change, or the next visit, shows it */ }
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(refresh, WAIT + Math.random() * WAIT);
}

/* --- single keys ------------------------------------------------------------------------------------------------- */

function keysAreOn() {
  try { return localStorage.getItem(KEYS) !== 'off'; } catch { return true; }
}

function move(step) {
  const all = rows();
  const here = all.indexOf(document.activeElement?.closest('tr[data-number]'));
  const next = all[Math.min(Math.max(here + step, 0), all.length - 1)];
  next?.querySelector('.q__t').focus();
}

function onKey(event) {
  if (!keysAreOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const row = event.target.closest('tr[data-number]');
  if (!event.target.closest('[data-queue-keys-area]') || event.target.matches(TYPES_TEXT)) return;
  if (event.key === 'j') move(1);
  else if (event.key === 'k') move(-1);
  else if (event.key === 'x' && row) boxOf(row).click();
  else if (event.key === 'r' && row) location.assign(`/tickets/${row.dataset.number}#reply`);
  else return;
  event.preventDefault();
}

if (form) {
  window.addEventListener('helpdesk:queue', later);
  window.addEventListener('helpdesk:ticket', later);
  form.addEventListener('keydown', onKey);
  const toggle = document.querySelector('[data-queue-keys]');
  toggle.checked = keysAreOn();
  toggle.addEventListener('change', () => {
    try { localStorage.setItem(KEYS, toggle.checked ? 'on' : 'off'); } catch { /* not kept */ }
  });
  document.querySelector('select[data-submit]')?.addEventListener('change', (event) => event.target.form.requestSubmit());
}

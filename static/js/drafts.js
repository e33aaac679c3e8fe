/* Text that was typed is not lost: forms with data-draft-key are kept on this device until they were sent.
   A draft belongs to one person; signing out removes it. */
import { text } from './strings.js';
import { at, now } from './times.js';

const viewer = document.documentElement.dataset.viewer ?? '';
const PREFIX = `draft:${viewer}:`;
const KEEP = 7 * 24 * 3600 * 1000;
const NOT_KEPT = new Set(['hidden', 'password', 'file', 'submit', 'button', 'reset']);

const load = (key) => { try { return JSON.parse(localStorage.getItem(PREFIX + key)); } catch { return null; } };
const store = (key, draft) => { try { localStorage.setItem(PREFIX + key, JSON.stringify(draft)); } catch { /* full or forbidden: the page works without */ } };
const drop = (key) => { try { localStorage.removeItem(PREFIX + key); } catch { /* as above */ } };
const keys = () => { try { return Object.keys(localStorage).filter((k) => k.startsWith(PREFIX)).map((k) => k.slice(PREFIX.length)); } catch { return []; } };

const controls = (form) => [...form.elements].filter((el) => el.name && !NOT_KEPT.has(el.type) && !('noDraft' in el.dataset) && el.matches('input, textarea, select'));
const isTick = (el) => el.type === 'checkbox' || el.type === 'radio';
const untouched = (el) => {
  if (isTick(el)) return el.checked === el.defaultChecked;
  if (el.matches('select')) return [...el.options].every((o) => o.selected === o.defaultSelected) || !el.querySelector('option[selected]');
  return el.value === el.defaultValue;
};

function valuesOf(form) {
  return controls(form).map((el) => [el.name, isTick(el) ? el.value : null, isTick(el) ? el.checked : el.value]);
}

/* Fields of the same name, such as rows of a list, are filled in their order. */
function fill(form, values) {
  const taken = new Set();
  for (const [name, tick, value] of values) {
    const el = controls(form).find((c) => !taken.has(c) && c.name === name && (tick === null || c.value === tick));
    if (!el) continue;
    taken.add(el);
    if (isTick(el)) el.checked = value; else el.value = value;
    el.dispatchEvent(new Event('input', { bubbles: true }));
  }
}

const hasText = (form) => controls(form).some((el) => !isTick(el) && !el.matches('select') && el.value.trim() && el.value !== el.defaultValue);

/* A draft marked as sent goes when the server has plainly taken it: a redirect or another page, not an error or sign-in. */
function arrived(draft) {
  const page = document.body.classList;
  if (!viewer || page.contains('is-error') || location.pathname === '/sign-in' || document.querySelector('[data-error-summary]')) return false;
  const redirected = performance.getEntriesByType('navigation')[0]?.redirectCount > 0;
  return redirected || location.pathname !== draft.page || document.querySelector('.toast-note--ok') !== null;
}

/* Whoever is asked to sign in meanwhile has sent nothing: what comes after that is no answer to it. */
function takeBackAll() {
  try {
    for (const name of Object.keys(localStorage).filter((k) => k.startsWith('draft:'))) {
      localStorage.setItem(name, JSON.stringify({ ...JSON.parse(localStorage.getItem(name)), sent: false }));
    }
  } catch { /* forbidden: nothing was kept */ }
}

if (location.pathname === '/sign-in') takeBackAll();

for (const key of keys()) {
  const draft = load(key);
  if (!draft || now() - draft.at > KEEP || (draft.sent && arrived(draft))) drop(key);
}

function offer(form, key, draft) {
  const before = valuesOf(form);
  fill(form, draft.values);
  const note = document.createElement('p');
  note.className = 'draftnote mb-3';
  const discard = Object.assign(document.createElement('button'), { type: 'button', className: 'linkbtn', textContent: text('draft_discard') });
  note.append(text('draft_kept', { time: at(draft.at) }), discard);
  discard.addEventListener('click', () => {
    fill(form, before);
    drop(key);
    note.remove();
    controls(form)[0]?.focus();
  });
  form.prepend(note);
}

function watch(form) {
  const key = form.dataset.draftKey;
  const draft = load(key);
  const refused = form.querySelector('[data-error-summary]') !== null;
  if (draft && !refused && controls(form).every(untouched)) offer(form, key, draft);
  const status = form.querySelector('[data-draft-status]');
  let timer = 0;
  let sent = false;
  const save = () => {
    clearTimeout(timer);
    timer = 0;
    if (!hasText(form)) { drop(key); return; }
    const stamp = now();
    store(key, { at: stamp, page: location.pathname, sent, values: valuesOf(form) });
    if (status) status.textContent = text('draft_saved', { time: at(stamp) });
  };
  form.addEventListener('input', () => { sent = false; clearTimeout(timer); timer = setTimeout(save, 400); });
  form.addEventListener('draft:done', () => { clearTimeout(timer); timer = 0; drop(key); });
  window.addEventListener('pagehide', () => { if (timer) save(); });
  document.addEventListener('submit', (event) => {
    if (event.target !== form || event.defaultPrevented) return;
    sent = true;
    save();
  });
}

document.querySelectorAll('form[data-draft-key]').forEach(watch);

document.addEventListener('submit', (event) => {
  if (event.target.matches('form[action="/sign-out"]')) keys().forEach(drop);
});

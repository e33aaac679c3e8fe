/* The page with only the blanks of a playbook: what the server says about it half a second after the last change.
   Without this script the form works as it is, and the server checks on sending. */
import { request } from '/static/js/net.js';
import { refreshTimes } from '/static/js/times.js';

const WAIT = 500;
const form = document.querySelector('form[data-playbook]');
let timer = 0;
let asked = null;
let last = '';

if (form) {
  form.addEventListener('input', later);
  form.addEventListener('change', later);
  document.querySelector('[form="playbook"][name="confirmed_people"]')?.addEventListener('input', later);
  document.addEventListener('click', fix);
  later();
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, WAIT);
}

async function ask() {
  const data = new FormData(form);
  data.delete('csrf_token');
  const now = JSON.stringify([...data]);
  if (now === last) return;
  asked?.abort();
  asked = new AbortController();
  const { signal } = asked;
  try {
    show(await request('POST', form.dataset.playbook, { body: data, signal }));
    last = now;
  } catch (error) {
    if (signal.aborted) return;
    clearTimeout(timer);
    timer = setTimeout(ask, 10000);   // what is shown stays; sending checks in any case
  }
}

function show(answer) {
  for (const [name, html] of Object.entries(answer.parts)) {
    const place = document.querySelector(`[data-live="${name}"]`);
    if (!place || place.dataset.shown === html) continue;
    const parsed = new DOMParser().parseFromString(html, 'text/html');
    place.replaceChildren(...parsed.body.childNodes);
    place.dataset.shown = html;
    refreshTimes(place);
  }
  form.elements.seen.value = answer.seen;
  document.querySelectorAll('[data-publish]').forEach((place) => { place.textContent = answer.publish; });
  document.querySelectorAll('[data-typed]').forEach((place) => { place.hidden = !answer.needs_number; });
  document.querySelectorAll('[data-to-look-at]').forEach((place) => { place.hidden = !answer.to_look_at; place.textContent = answer.to_look_at; });
  const suggestion = document.querySelector('[data-suggestion]');
  if (suggestion) suggestion.textContent = answer.suggestion;
}

/* A fix of the check that this form has a field for. */
function fix(event) {
  const button = event.target.closest('[data-fix-field]');
  const field = button && form.elements[button.dataset.fixField];
  if (!field) return;
  field.value = button.dataset.fixValue;
  form.dispatchEvent(new Event('change', { bubbles: true }));
}

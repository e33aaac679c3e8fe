/* The known outage under the new-ticket form: follow it instead, or say that this is something else. */
import { csrfToken } from '/static/js/net.js';
import { say, toast } from '/static/js/say.js';
import { text } from '/static/js/strings.js';

const form = document.getElementById('new-ticket');
const place = document.getElementById('form-notices');

const declined = () => [...form.querySelectorAll('input[type="hidden"][name="declined"]')].map((field) => field.value);

function fold(section) {
  section.classList.add('is-folded');
  for (const node of section.querySelectorAll('[data-unfolded]')) node.hidden = true;
  for (const node of section.querySelectorAll('[data-folded]')) node.hidden = false;
}

/* What was declined stays folded when it is drawn again; its button needs this script, so it appears with it. */
function prepare() {
  for (const section of place.querySelectorAll('[data-deflect]:not([data-ready])')) {
    section.dataset.ready = '';
    section.querySelector('[data-different]')?.removeAttribute('hidden');
    if (declined().includes(section.dataset.deflect)) fold(section);
  }
}

function decline(section) {
  if (!declined().includes(section.dataset.deflect)) {
    const field = document.createElement('input');
    Object.assign(field, { type: 'hidden', name: 'declined', value: section.dataset.deflect });
    form.append(field);
  }
  fold(section);
  say(section.querySelector('[data-folded]').textContent.trim(), { about: 'deflect' });
  form.elements.body.focus();
}

async function follow(button) {
  const section = button.closest('[data-deflect]');
  button.disabled = true;
  try {
    const response = await fetch(`${button.dataset.follow}?fragment=1`, { method: 'POST', credentials: 'same-origin', headers: { Accept: 'text/html', 'X-CSRF-Token': csrfToken() } });
    if (!response.ok || response.redirected) throw new Error(String(response.status));
    const fresh = new DOMParser().parseFromString(await response.text(), 'text/html').querySelector('[data-deflect]');
    section.replaceWith(document.adoptNode(fresh));
    prepare();
    const title = place.querySelector('h2');
    title.focus();
    say(title.textContent.trim(), { about: 'deflect' });
  } catch {
    button.disabled = false;
    toast(text('failed'), 'error');
  }
}

if (form && place) {
  prepare();
  new MutationObserver(prepare).observe(place, { childList: true, subtree: true });
  place.addEventListener('click', (event) => {
    const button = event.target.closest('[data-follow], [data-different], [data-after-all]');
    if (!button) return;
    event.preventDefault();
    if (button.matches('[data-follow]')) follow(button);
    else if (button.matches('[data-different]')) decline(button.closest('[data-deflect]'));
    else {
      fold(button.closest('[data-deflect]'));
      form.elements.body.focus();
    }
  });
}

/* What the server says about a form that is being filled in, half a second after the last change. Without it the form
   works as it is, and the server checks on sending. */
import { request } from '/static/js/net.js';
import { refreshTimes } from '/static/js/times.js';

const WAIT = 500;
const AGAIN = 10000;

/* Ask `url` about `form` after each change; the answer's parts go where `data-live` names them, the rest to `more`. */
export function sayLive(form, url, more) {
  let timer = 0;
  let asked = null;
  let last = '';
  const later = () => { clearTimeout(timer); timer = setTimeout(ask, WAIT); };

  async function ask() {
    const data = new FormData(form);
    data.delete('csrf_token');
    const now = JSON.stringify([...data]);
    if (now === last) return;
    asked?.abort();
    asked = new AbortController();
    const { signal } = asked;
    try {
      const answer = await request('POST', url, { body: data, signal });
      show(form, answer);
      more(answer);
      last = now;
    } catch {
      if (signal.aborted) return;
      clearTimeout(timer);
      timer = setTimeout(ask, AGAIN);   // what is shown stays; sending checks in any case
    }
  }

  for (const event of ['input', 'change', 'combobox:change']) form.addEventListener(event, later);
  document.querySelector(`[form="${form.id}"][name="confirmed_people"]`)?.addEventListener('input', later);
  later();
}

function show(form, answer) {
  for (const [name, html] of Object.entries(answer.parts)) {
    const place = document.querySelector(`[data-live="${name}"]`);
    if (place && place.dataset.shown !== html) replace(place, html);
  }
  form.elements.seen.value = answer.seen;
  document.querySelectorAll('[data-publish]').forEach((place) => { place.textContent = answer.publish; });
  document.querySelectorAll('[data-typed]').forEach((place) => { place.hidden = !answer.needs_number; });
  document.querySelectorAll('[data-to-look-at]').forEach((place) => { place.hidden = !answer.to_look_at; place.textContent = answer.to_look_at; });
}

function replace(place, html) {
  const open = place.querySelector('details')?.open;
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  place.replaceChildren(...parsed.body.childNodes);
  if (open) place.querySelector('details')?.setAttribute('open', '');
  place.dataset.shown = html;
  refreshTimes(place);
}

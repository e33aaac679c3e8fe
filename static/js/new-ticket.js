/* The new-ticket form: half a second after the last key it asks whether something is known about this. */
import { say } from './say.js';
import { refreshTimes } from './times.js';

const WAIT = 500;
const form = document.getElementById('new-ticket');
const place = document.getElementById('form-notices');
const send = form?.querySelector('[data-send]');
const words = send?.textContent;
let timer = 0;
let asked = null;
let shown = place?.querySelector('[data-notice]')?.dataset.notice ?? '';

/* While an outage is offered, sending is the second choice; folding the offer makes it the first again. */
function weighButtons() {
  const offer = place.querySelector('.deflect:not(.is-folded)');
  send.classList.toggle('btn-primary', !offer);
  send.classList.toggle('btn-outline', Boolean(offer));
  send.textContent = offer ? send.dataset.anyway : words;
}

function show(html) {
  const notice = new DOMParser().parseFromString(html, 'text/html').querySelector('[data-notice]');
  const key = notice?.dataset.notice ?? '';
  if (key === shown || place.contains(document.activeElement)) return;
  shown = key;
  place.replaceChildren(...(notice ? [document.adoptNode(notice)] : []));
  refreshTimes(place);
  const title = place.querySelector('h2, h3, strong')?.textContent.trim();
  if (title) say(title, { about: 'form-notice' });
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  const url = new URL(place.dataset.url, location.href);
  url.searchParams.set('service_id', form.elements.service_id.value);
  url.searchParams.set('text', form.elements.subject.value.slice(0, 500));
  try {
    const response = await fetch(url, { credentials: 'same-origin', headers: { Accept: 'text/html' }, signal: asked.signal });
    if (response.ok && !response.redirected) show(await response.text());
  } catch { /* the form works without */ }
}

if (form && place) {
  new MutationObserver(weighButtons).observe(place, { childList: true, subtree: true, attributes: true, attributeFilter: ['class', 'hidden'] });
  weighButtons();
  form.addEventListener('input', (event) => {
    if (event.target !== form.elements.subject && event.target !== form.elements.service_id) return;
    clearTimeout(timer);
    timer = setTimeout(ask, WAIT);
  });
}

/* How many people a notice has reached: asked for when its row comes into view. Texts stand in the page. */
import { getJson } from '/static/js/net.js';

const lang = document.documentElement.lang || 'en';
const count = new Intl.NumberFormat(lang);
const NS = 'http://www.w3.org/2000/svg';

/** A whole number in the reader's language. */
export const number = (value) => count.format(value ?? 0);

function rect(cls, width) {
  const node = document.createElementNS(NS, 'rect');
  for (const [name, value] of Object.entries({ class: cls, width, height: 6 })) node.setAttribute(name, value);
  return node;
}

function bar(share) {
  const svg = document.createElementNS(NS, 'svg');
  for (const [name, value] of Object.entries({ class: 'bar', viewBox: '0 0 100 6', preserveAspectRatio: 'none', 'aria-hidden': 'true' })) svg.setAttribute(name, value);
  svg.append(rect('f-3', 100), rect('fc2', Math.round(share * 100)));
  return svg;
}

const strings = JSON.parse(document.getElementById('reach-strings')?.textContent ?? '{}');

function show(place, reach) {
  if (!reach.delivered && !reach.seen) {
    place.textContent = (strings.people ?? '').replace('{total}', number(reach.targeted));
    return;
  }
  const [before, after] = (strings.seen ?? '').replace('{total}', number(reach.targeted)).split('{seen}');
  const seen = document.createElement('b');
  seen.className = 'num';
  seen.textContent = number(reach.seen);
  place.replaceChildren(before ?? '', seen, after ?? '', bar(reach.targeted ? Math.min(1, reach.seen / reach.targeted) : 0));
}

async function ask(place) {
  try {
    show(place, await getJson(`/api/v1/announcements/${place.dataset.reach}/reach`));
  } catch { /* the number is an extra; the page says everything else without it */ }
}

const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    ask(target);
  }
});
document.querySelectorAll('[data-reach]').forEach((place) => watcher.observe(place));

window.addEventListener('helpdesk:reach', ({ detail }) => {
  document.querySelectorAll(`[data-reach="${detail.id}"]`).forEach((place) => show(place, detail));
});

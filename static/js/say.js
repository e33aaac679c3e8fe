/* Speaking to screen readers and showing short messages. The two live regions are empty when the page loads. */
import { text } from './strings.js';

const WAIT_AFTER_KEY = 2000;
const WAIT_AT_MOST = 10000;
let lastKey = 0;
const newest = new Map();

document.addEventListener('keydown', (event) => {
  if (event.key.length === 1 || event.key === 'Backspace') lastKey = Date.now();
}, true);

/** Speak one sentence, after a pause in typing. A later sentence with the same `about` replaces one still waiting. */
export function say(sentence, { urgent = false, about = sentence } = {}) {
  newest.set(about, sentence);
  const latest = Date.now() + WAIT_AT_MOST;
  const speak = () => {
    if (newest.get(about) !== sentence) return;
    if (Date.now() - lastKey < WAIT_AFTER_KEY && Date.now() < latest) { setTimeout(speak, 400); return; }
    newest.delete(about);
    if (document.hidden) return;
    const region = document.getElementById(urgent ? 'say-now' : 'say-polite');
    region.textContent = '';
    setTimeout(() => { region.textContent = sentence; }, 60);
  };
  speak();
}

/** An SVG icon for a node made by a script; `d` is the path on a 24 × 24 grid. */
export function icon(d, size = 16) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const attributes = { class: 'i', width: size, height: size, viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': '1.8', 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', focusable: 'false' };
  for (const [name, value] of Object.entries(attributes)) svg.setAttribute(name, value);
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
  path.setAttribute('d', d);
  svg.append(path);
  return svg;
}

export const CROSS = 'm6.5 6.5 11 11m0-11-11 11';
const SHAPES = { ok: 'm5 12.6 4.6 4.6L19 7.4', error: 'M12 4 3 20h18zM12 9.6v4.6M12 17h.01' };

/** Show a short message at the bottom and speak it. `kind` is ok or error; errors stay until closed. */
export function toast(message, kind = 'ok') {
  const node = document.createElement('div');
  node.className = `toast-note toast-note--${kind}`;
  node.dataset.toast = '';
  const p = document.createElement('p');
  p.textContent = message;
  const close = document.createElement('button');
  Object.assign(close, { type: 'button', className: 'iconbtn iconbtn--sm' });
  close.dataset.toastClose = '';
  close.setAttribute('aria-label', text('close'));
  close.append(icon(CROSS, 18));
  node.append(icon(SHAPES[kind], 20), p, close);
  document.getElementById('toasts').append(node);
  present(node);
}

function present(node) {
  const failed = node.classList.contains('toast-note--error');
  say(node.querySelector('p').textContent, { urgent: failed });
  if (!failed) leaveAfterNextAct(node);
}

/* A good message leaves with the next thing the person does, at the earliest after five seconds; never by itself. */
function leaveAfterNextAct(node) {
  const shown = Date.now();
  const act = (event) => {
    if (node.contains(event.target) || Date.now() - shown < 5000) return;
    node.remove();
    document.removeEventListener('pointerdown', act);
    document.removeEventListener('keydown', act);
  };
  document.addEventListener('pointerdown', act);
  document.addEventListener('keydown', act);
}

document.addEventListener('click', (event) => {
  event.target.closest('[data-toast-close]')?.closest('[data-toast]').remove();
});
document.querySelectorAll('[data-toast]').forEach(present);

/* A lost connection is said as such: under the stack after 10 s, in the bar after 60 s. */
import { say } from '/static/js/say.js';
import { at, now } from '/static/js/times.js';
import { word } from './cards.js';

const QUIET_MS = 10000;
const OFFLINE_MS = 60000;

export function watchConnection(stack, bars, state) {
  let lost = null;
  let asOf = new Date(now()).toISOString();
  let line = null;
  let bar = null;
  const timers = [];

  function stale() {
    line ??= Object.assign(document.createElement('p'), { className: 'stale' });
    line.textContent = word('stale', { time: at(asOf) });
    stack.after(line);
  }

  function offline() {
    const shown = [...state.banners.values()].find((b) => state.surface(b) !== 'list');
    const text = shown ? word('offline_notice', { title: shown.title, time: at(asOf) }) : word('offline', { time: at(asOf) });
    bar ??= connectionBar('nbar--off');
    bar.querySelector('p').textContent = text;
    bars.prepend(bar);
    bars.querySelectorAll('[data-surface="bar"]').forEach((b) => { b.hidden = true; });
    say(text, { about: 'connection' });
  }

  function back() {
    timers.splice(0).forEach(clearTimeout);
    const wasSaid = line?.isConnected || bar?.isConnected;
    line?.remove();
    bar?.remove();
    bar = null;
    bars.querySelectorAll('[data-surface="bar"]').forEach((b) => { b.hidden = false; });
    if (wasSaid) connectedAgain();
  }

  function connectedAgain() {
    const note = connectionBar('nbar--ok');
    note.querySelector('p').textContent = word('connected');
    bars.prepend(note);
    say(word('connected'), { about: 'connection' });
    const leave = () => { note.remove(); document.removeEventListener('click', leave); };
    setTimeout(leave, 10000);
    document.addEventListener('click', leave);
  }

  window.addEventListener('helpdesk:connection', ({ detail }) => {
    if (detail.state === 'live' || detail.state === 'polling') { lost = null; asOf = new Date(now()).toISOString(); back(); return; }
    if (lost !== null) return;
    lost = Date.now();
    timers.push(setTimeout(stale, QUIET_MS), setTimeout(offline, OFFLINE_MS));
  });
  for (const name of ['helpdesk:board', 'helpdesk:banner', 'helpdesk:retire', 'helpdesk:tick']) {
    window.addEventListener(name, () => { asOf = new Date(now()).toISOString(); });
  }
}

function connectionBar(style) {
  const bar = document.createElement('section');
  bar.className = `nbar ${style}`;
  bar.setAttribute('aria-label', word('connection'));
  const inner = document.createElement('div');
  inner.className = 'nbar__in';
  const text = document.createElement('p');
  text.className = 'nbar__t';
  inner.append(text);
  bar.append(inner);
  return bar;
}

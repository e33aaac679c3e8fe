/* A ticket: new messages appear without disturbing what is being typed; "/" offers canned replies. */
import { say } from './say.js';
import { refreshTimes } from './times.js';
import { getJson } from './net.js';

const root = document.getElementById('thread');
const list = root?.querySelector('[data-messages]');
const note = root?.querySelector('[data-new-replies]');
let timer = 0;
let waiting = [];

const lastId = () => Number([...list.querySelectorAll('[data-message]')].at(-1)?.dataset.message ?? 0);

function isWriting() {
  const field = document.activeElement;
  return [...document.querySelectorAll('.composer textarea')].some((area) => area.value.trim() !== area.defaultValue.trim() || area === field);
}

function append() {
  for (const message of waiting) if (!document.getElementById(message.id)) list.append(message);
  waiting = [];
  note.hidden = true;
  refreshTimes(list);
}

function takeNews(html) {
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  const known = new Set(waiting.map((m) => m.id));
  const news = [...fresh.querySelectorAll('[data-news] [data-message]')].filter((m) => !known.has(m.id));
  waiting.push(...news.map((m) => document.adoptNode(m)));
  const place = document.querySelector('[data-facts-place]');
  const facts = fresh.querySelector('[data-facts]');
  const changed = [...place.querySelectorAll('select')].some((s) => [...s.options].some((o) => o.selected !== o.defaultSelected));
  if (facts && !changed && !place.contains(document.activeElement)) {
    place.replaceChildren(...document.adoptNode(facts).childNodes);
    refreshTimes(place);
  }
  if (!waiting.length) return;
  if (isWriting()) note.hidden = false;
  else append();
  if (news.length) say(root.dataset.newWords, { about: 'thread' });
}

async function refresh() {
  const after = Math.max(lastId(), ...waiting.map((m) => Number(m.dataset.message)));
  try {
    const response = await fetch(`/tickets/${root.dataset.number}?fragment=1&after=${after}`, { credentials: 'same-origin', headers: { Accept: 'text/html' } });
    if (response.ok && !response.redirected) takeNews(await response.text());
  } catch { /* shown with the next change or visit */ }
}

if (root) {
  window.addEventListener('helpdesk:ticket', (event) => {
    const number = event.detail?.number;
    if (number !== undefined && String(number) !== root.dataset.number) return;
    clearTimeout(timer);
    timer = setTimeout(refresh, 200);
  });
  note.querySelector('button').addEventListener('click', () => {
    const first = waiting[0]?.id;
    append();
    const shown = document.getElementById(first);
    shown?.setAttribute('tabindex', '-1');
    shown?.focus();
  });
  if (location.hash === '#reply') root.querySelector('#reply textarea')?.focus();
}

/* --- canned replies ---------------------------------------------------------------------------------------------- */

class Canned {
  constructor(box, area) {
    this.box = box;
    this.area = area;
    this.items = [];
    this.active = 0;
    this.start = -1;
    area.addEventListener('input', () => this.typed());
    area.addEventListener('keydown', (event) => this.key(event));
    area.addEventListener('blur', () => setTimeout(() => this.close(), 150));
    box.addEventListener('pointerdown', (event) => event.preventDefault());
    box.addEventListener('click', (event) => {
      const row = event.target.closest('[role="option"]');
      if (row) this.insert(this.items[Number(row.dataset.index)]);
    });
  }

  /* "/word" at the start of a line, up to the cursor. */
  wanted() {
    const text = this.area.value.slice(0, this.area.selectionStart);
    const found = /(^|\n)\/([^\n/]{0,40})$/.exec(text);
    if (!found) return null;
    this.start = found.index + found[1].length;
    return found[2];
  }

  async typed() {
    const words = this.wanted();
    if (words === null) { this.close(); return; }
    const url = new URL(this.box.dataset.url, location.href);
    url.searchParams.set('q', words);
    url.searchParams.set('ticket', root.dataset.number);
    try {
      const answer = await getJson(url);
      if (this.wanted() === words) this.show(answer.items);
    } catch { this.close(); }
  }

  show(items) {
    this.items = items;
    this.active = 0;
    this.box.replaceChildren(...items.map((item, index) => this.row(item, index)));
    this.box.hidden = items.length === 0;
    this.point(0);
  }

  row(item, index) {
    const row = document.createElement('div');
    row.className = 'canned__row';
    row.id = `canned-${index}`;
    row.dataset.index = String(index);
    row.setAttribute('role', 'option');
    const title = Object.assign(document.createElement('b'), { textContent: item.title });
    const start = Object.assign(document.createElement('span'), { textContent: item.body.slice(0, 90) });
    row.append(title, document.createElement('span'), start);
    return row;
  }

  point(index) {
    const all = [...this.box.children];
    if (!all.length) return;
    this.active = (index + all.length) % all.length;
    all.forEach((row, i) => row.setAttribute('aria-selected', String(i === this.active)));
    this.area.setAttribute('aria-activedescendant', all[this.active].id);
  }

  key(event) {
    if (this.box.hidden || event.isComposing) return;
    if (event.key === 'ArrowDown') this.point(this.active + 1);
    else if (event.key === 'ArrowUp') this.point(this.active - 1);
    else if (event.key === 'Enter' || event.key === 'Tab') this.insert(this.items[this.active]);
    else if (event.key === 'Escape') this.close();
    else return;
    event.preventDefault();
  }

  insert(item) {
    const text = item.body.replaceAll('{name}', this.box.dataset.name);
    this.area.setRangeText(text, this.start, this.area.selectionStart, 'end');
    this.close();
    this.area.focus();
    this.area.dispatchEvent(new Event('input', { bubbles: true }));
  }

  close() {
    this.box.hidden = true;
    this.area.removeAttribute('aria-activedescendant');
  }
}

const box = document.getElementById('canned');
if (box) new Canned(box, document.getElementById('reply-body'));

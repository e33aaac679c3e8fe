/* Fills the markup of one banner. Templates come with the page, so there is one markup for server and script. */
import { at, clock, now, refreshTimes } from '/static/js/times.js';

const block = document.getElementById('notice-strings');
const words = block ? JSON.parse(block.textContent) : {};

/** A text of the notices, with {name} replaced. */
export const word = (key, values = {}) => Object.entries(values)
  .reduce((out, [name, value]) => out.replaceAll(`{${name}}`, String(value)), words[key] ?? key);

const TAGS = new Set(['P', 'BR', 'STRONG', 'EM', 'B', 'I', 'CODE', 'PRE', 'UL', 'OL', 'LI', 'A', 'BLOCKQUOTE', 'H3', 'H4', 'H5', 'HR', 'DEL', 'S']);

/* The server has sanitised this; it is built node by node all the same, so that a mistake there stays text here. */
function copyInto(target, source) {
  for (const node of source.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) target.append(node.textContent);
    else if (node.nodeType === Node.ELEMENT_NODE) {
      if (!TAGS.has(node.tagName)) { copyInto(target, node); continue; }
      const copy = document.createElement(node.tagName);
      if (node.tagName === 'A' && /^(https?:|mailto:)/i.test(node.getAttribute('href') ?? '')) {
        copy.href = node.getAttribute('href');
        copy.rel = 'noopener noreferrer';
      }
      copyInto(copy, node);
      target.append(copy);
    }
  }
}

function richText(target, html) {
  const parsed = new DOMParser().parseFromString(html ?? '', 'text/html');
  target.replaceChildren();
  copyInto(target, parsed.body);
}

/** Style suffix of a banner: its level, or maintenance. */
export const style = (b) => (b.kind === 'maintenance' && b.severity > 1 ? 'mt' : `l${b.severity}`);

/** "Critical incident", "Planned maintenance", … */
export function kindLabel(b) {
  if (b.kind === 'information') return word('information');
  if (b.kind === 'maintenance') return word(b.phase === 'active' ? 'maintenance_running' : 'maintenance_planned');
  return word(`incident_${b.severity}`);
}

function time(iso) {
  const element = document.createElement('time');
  element.dateTime = iso;
  const bdi = document.createElement('bdi');
  bdi.textContent = at(iso);
  element.append(bdi);
  return element;
}

const day = (iso) => new Date(iso).toLocaleDateString('en', { timeZone: document.documentElement.dataset.tz || undefined });

/* The end says its date only when it is another one than that of the start. */
function range(start, end) {
  const last = time(end);
  if (day(start) === day(end)) last.firstChild.textContent = clock(end);
  return [time(start), ' – ', last];
}

function relative(kind, iso) {
  const span = document.createElement('span');
  span.className = 'rel';
  span.dataset[kind] = iso;
  return span;
}

function estimate(text) {
  const span = document.createElement('span');
  span.className = 'est';
  span.textContent = text;
  return span;
}

const passed = (iso) => Date.parse(iso) <= now();
/** Whether it goes on past its planned or expected end. */
export const isOverrun = (b) => b.kind === 'maintenance' && b.phase === 'active' && Boolean(b.eta) && passed(b.eta);
const running = (b) => b.kind === 'incident' || b.phase === 'active';

/* Each fact: null hides it, else the nodes that say it. A time that has passed is never shown as a promise. */
const FACTS = {
  when: (b) => {
    if (b.kind !== 'maintenance' || !b.started_at || !(b.eta || b.show_until)) return null;
    const times = range(b.started_at, b.eta ?? b.show_until);
    return isOverrun(b) ? [...times, `. ${word('overrun')}`] : times;
  },
  since: (b) => (b.kind === 'incident' && b.started_at && passed(b.started_at)
    ? [time(b.started_at), ' ', relative('since', b.started_at)] : null),
  next: (b) => {
    if (!b.next_update_at || !running(b)) return null;
    return passed(b.next_update_at)
      ? [`${word('was_due_at')} `, time(b.next_update_at), `. ${word('reminded')}`]
      : [`${word('by')} `, time(b.next_update_at), ' ', relative('until', b.next_update_at)];
  },
  eta: (b) => {
    if (b.kind !== 'incident') return null;
    if (!b.eta) return [estimate(word('not_known'))];
    return passed(b.eta)
      ? [`${word('was')} `, time(b.eta), `. ${word('new_estimate')}`]
      : [`${word('about')} `, time(b.eta), ' ', relative('until', b.eta), ' ', estimate(`· ${word('estimate')}`)];
  },
  affects: (b) => (b.services.length ? [b.services.map((s) => s.name).join(', ')] : null),
};

function setFacts(node, b) {
  for (const [name, make] of Object.entries(FACTS)) {
    const nodes = make(b);
    node.querySelectorAll(`[data-fact="${name}"]`).forEach((part) => { part.hidden = nodes === null; });
    const place = node.querySelector(`dd[data-f="${name}"]`);
    if (place && nodes) place.replaceChildren(...nodes);
  }
}

const show = (node, part, shown) => node.querySelectorAll(`[data-part="${part}"]`).forEach((el) => { el.hidden = !shown; });
const put = (node, name, text) => node.querySelectorAll(`[data-f="${name}"]`).forEach((el) => { el.textContent = text; });

function setButton(node, what, shown, label) {
  node.querySelectorAll(`.notice__a [data-act="${what}"]`).forEach((button) => {
    button.closest('form').hidden = !shown;
    if (label) button.querySelector('[data-word]').textContent = label;
  });
}

/** The words on the button that puts a banner off. */
export function snoozeLabel(b) {
  if (b.must_confirm) return word('snooze_confirm');
  if (b.kind === 'maintenance' && b.phase === 'upcoming') return word('snooze_start');
  return word('snooze_hour');
}

/** Write banner `b` into `node`, a card, row or bar. Focus and position stay where they are. */
export function fill(node, b) {
  node.dataset.id = b.id;
  node.dataset.version = b.version;
  node.dataset.phase = b.phase;
  node.lang = b.lang;
  node.dir = b.dir;
  node.classList.remove('notice--l1', 'notice--l2', 'notice--l3', 'notice--l4', 'notice--mt');
  if (node.classList.contains('notice')) node.classList.add(`notice--${style(b)}`);
  node.querySelectorAll('[data-mark]').forEach((mark) => { mark.hidden = mark.dataset.mark !== style(b); });
  put(node, 'title', b.title);
  put(node, 'kind', kindLabel(b));
  put(node, 'mini', b.title);
  node.querySelectorAll('[data-label]').forEach((el) => el.setAttribute('aria-label', el.dataset.label.replace('{title}', b.title)));
  node.querySelectorAll('a[data-f="url"]').forEach((a) => { a.href = b.url; });
  node.querySelectorAll('form[data-notice-form]').forEach((form) => {
    form.action = `/notices/${b.id}/receipt`;
    form.elements.version.value = b.version;
  });
  show(node, 'drill', b.drill);
  if (node.dataset.surface === 'bar') fillBar(node, b);
  if (node.dataset.surface === 'row') fillRow(node, b);
  if (node.dataset.surface === 'card') fillCard(node, b);
  refreshTimes(node);
  return node;
}

function fillBar(node, b) {
  node.hidden = false;
  const place = node.querySelector('[data-f="next"]');
  if (!b.next_update_at) place.replaceChildren();
  else place.replaceChildren(`${word(passed(b.next_update_at) ? 'bar_was_due' : 'bar_next')} `, time(b.next_update_at), '.');
}

function fillRow(node, b) {
  const when = FACTS.when(b);
  const since = FACTS.since(b);
  const words = when ?? (since && [`${word('since')} `, since[0]]);
  node.querySelector('[data-f="row_time"]').replaceChildren(...(words ? [' · ', ...words] : []));
}

function fillCard(node, b) {
  const title = node.querySelector('.notice__t');
  title.id = `notice-${b.id}`;
  node.setAttribute('aria-labelledby', title.id);
  node.querySelector('[data-f="updated"]').replaceChildren(time(b.updated_at));
  for (const [name, html] of [['description', b.description_html], ['workaround', b.workaround_html], ['update', b.latest_update?.html]]) {
    const place = node.querySelector(`[data-f="${name}"]`);
    richText(place, html);
    (place.closest('[data-part]') ?? place).hidden = !html;
  }
  if (b.latest_update) node.querySelector('[data-f="update_at"]').replaceChildren(time(b.latest_update.at));
  setFacts(node, b);
  show(node, 'hide', b.may_hide);
  show(node, 'affected', b.receipt.affected);
  setButton(node, 'read', b.severity === 1);
  setButton(node, 'snoozed', b.may_snooze, snoozeLabel(b));
  setButton(node, 'affected', b.kind === 'incident' && !b.receipt.affected);
}

/** A node for banner `b` of the given shape. */
export function make(shape, b) {
  const node = document.getElementById(`notice-${shape}`).content.firstElementChild.cloneNode(true);
  return fill(node, b);
}

/** The card that takes the place of a banner that ended while it was on screen. `reason` as on the socket. */
export function makeEnding(b, reason, endedAt) {
  const node = document.getElementById('notice-ending').content.firstElementChild.cloneNode(true);
  node.dataset.id = b.id;
  node.lang = b.lang;
  node.dir = b.dir;
  const good = reason === 'resolved';
  node.classList.toggle('notice--ok', good);
  node.classList.toggle('notice--l4', !good);
  node.querySelector('[data-mark="ok"]').hidden = !good;
  put(node, 'kind', word(`ending_${reason}`));
  show(node, 'drill', b.drill);
  put(node, 'title', good ? word('works_again', { title: b.title }) : b.title);
  const text = words[`ending_text_${reason}`];
  if (text) { put(node, 'text', text); node.querySelector('[data-f="text"]').hidden = false; }
  if (good && b.kind === 'incident') {
    show(node, 'was', Boolean(b.started_at));
    show(node, 'works', true);
    if (b.started_at) node.querySelector('[data-f="was"]').replaceChildren(time(b.started_at), ' – ', time(endedAt));
    node.querySelector('[data-f="still"]').href = `/tickets/new?not_outage=${b.id}`;
    node.querySelector('[data-f="feedback"]').href = `/notices/${b.id}#feedback`;
  }
  return node;
}

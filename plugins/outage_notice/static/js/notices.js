/* The stack of notices on a page. It never takes the focus, never moves a card that the pointer or the focus is in,
   announces once, and keeps every notice reachable from the bell. */
import { say, toast } from '/static/js/say.js';
import { request } from '/static/js/net.js';
import { now } from '/static/js/times.js';
import { BoardState } from './board.js';
import { fill, isOverrun, kindLabel, make, makeEnding, word } from './cards.js';
import { watchConnection } from './connection.js';
import { startDialog } from './dialog.js';
import { send, watchReceipts } from './receipts.js';
import { watchReplies } from './replies.js';
import { keepClear, refold, setFolded } from './sheet.js';

const stack = document.getElementById('notices');
const bars = document.getElementById('notice-bars');
const KEEP_ENDING_MS = 2 * 60 * 60 * 1000;
const WAIT_AT_MOST_MS = 10000;

if (stack) start();

function start() {
  const state = new BoardState(stack.dataset.staff === '1');
  const endings = new Map(loadEndings().filter((e) => !state.banners.has(e.banner.id)).map((e) => [e.banner.id, e]));
  let returning = null;
  let cameFrom = null;
  let waiting = null;

  const busy = () => stack.matches(':hover') || stack.contains(document.activeElement);

  /* Draw when nobody's pointer or focus is in the stack, at the latest after ten seconds. */
  function drawWhenFree(until = Date.now() + WAIT_AT_MOST_MS) {
    clearTimeout(waiting);
    if (busy() && Date.now() < until) { waiting = setTimeout(drawWhenFree, 400, until); return; }
    draw();
  }

  function draw() {
    const plan = state.arrange();
    const held = stack.contains(document.activeElement) ? document.activeElement.closest('.notice')?.dataset.id : null;
    const nodes = [...[...endings.values()].map(endingNode), ...plan.stack.map(([shape, b]) => nodeFor(shape, b))];
    if (plan.more) nodes.push(moreLink(plan.more));
    const wanted = new Set(nodes);
    [...stack.children].forEach((child) => { if (!wanted.has(child)) child.remove(); });
    nodes.forEach((node, i) => { if (stack.children[i] !== node) stack.insertBefore(node, stack.children[i] ?? null); });
    drawBar(plan.bar);
    count();
    refold(stack);
    // Focus that was inside a replaced card goes to the new title; otherwise it never moves.
    if (held && !stack.contains(document.activeElement)) focusTitle(held);
    watch();
    clearTimeout(returning);
    const wait = state.nextReturn();
    if (wait !== null) returning = setTimeout(draw, Math.min(wait + 500, 2 ** 31 - 1));
  }

  function nodeFor(shape, b) {
    const known = stack.querySelector(`.notice[data-id="${b.id}"][data-surface="${shape}"]`);
    if (known && known.dataset.version === String(b.version) && known.dataset.phase === b.phase) return known;
    if (known) return fill(known, b);
    const node = make(shape, b);
    node.classList.add('is-in');
    return node;
  }

  function endingNode(ending) {
    const known = stack.querySelector(`.notice[data-id="${ending.banner.id}"][data-surface="ending"]`);
    return known ?? makeEnding(ending.banner, ending.reason, ending.at);
  }

  function drawBar(b) {
    const known = bars.querySelector('[data-surface="bar"]');
    if (!b) { known?.remove(); return; }
    if (known) fill(known, b); else bars.append(make('bar', b));
  }

  function moreLink(n) {
    const link = stack.querySelector('a.more') ?? Object.assign(document.createElement('a'), { className: 'more', href: '/notices' });
    link.textContent = word(n === 1 ? 'more_one' : 'more_many', { count: n });
    return link;
  }

  /* The page as a whole is not scrolled to: the bar that has just come stays in view. */
  function leaveStack() {
    if (cameFrom?.isConnected) cameFrom.focus();
    else document.getElementById('main')?.focus({ preventScroll: true });
  }

  /* The title of a card or the button of a row; without such a notice the place that the focus came from. */
  function focusTitle(id) {
    const title = stack.querySelector(`.notice[data-id="${id}"] :is(.notice__t, .notice__row)`);
    if (!title) { leaveStack(); return; }
    if (title.matches('.notice__t')) title.tabIndex = -1;
    title.focus();
  }

  function count() {
    const n = state.banners.size;
    document.querySelectorAll('[data-menu-link="notices"]').forEach((bell) => {
      const badge = bell.querySelector('.iconbtn__n');
      if (badge) { badge.textContent = n; badge.hidden = n === 0; }
      bell.setAttribute('aria-label', word('bell', { count: n }));
    });
  }

  /* ---- what arrives ---- */
  window.addEventListener('helpdesk:board', ({ detail }) => {
    const before = new Map(state.banners);
    const gone = state.replace(detail);
    if (gone === null) return;
    endAll(gone.filter((b) => state.surface(b) !== 'list'));
    const fresh = [...state.banners.values()].filter((b) => before.get(b.id)?.version !== b.version || before.get(b.id).phase !== b.phase);
    fresh.forEach(isBack);
    fresh.forEach((b) => announce(b, before.get(b.id)));
    if (gone.length || fresh.length) drawWhenFree();
  });

  window.addEventListener('helpdesk:banner', ({ detail }) => {
    const change = state.apply(detail);
    if (!change) return;
    isBack(detail.banner);
    mark(detail.banner, change.before);
    announce(detail.banner, change.before);
    drawWhenFree();
  });

  window.addEventListener('helpdesk:retire', ({ detail }) => {
    const shown = stack.querySelector(`.notice[data-id="${detail.id}"]`) || bars.querySelector(`[data-id="${detail.id}"]`);
    const known = state.retire(detail);
    if (known && shown) end(known, detail.reason);
    if (known) drawWhenFree();
  });

  /* A whole board does not say why something is missing on it: ask, so that the all-clear comes without a socket too. */
  async function endAll(gone) {
    if (!gone.length) return;
    const answer = await request('GET', `/api/v1/me/endings?ids=${gone.slice(0, 20).map((b) => b.id).join(',')}`).catch(() => ({ items: [] }));
    const reasons = new Map(answer.items.map((item) => [item.id, item.reason]));
    gone.forEach((b) => { if (!state.banners.has(b.id)) end(b, reasons.get(b.id) ?? 'ended'); });
    drawWhenFree();
  }

  /* What is there again has not ended, also after the next load. */
  function isBack(b) {
    if (endings.delete(b.id)) saveEndings([...endings.values()]);
  }

  /* Only those who had it on screen see how it ended. */
  function end(b, reason) {
    if (state.opened === b.id) state.opened = null;
    if (reason === 'ended') return;
    endings.set(b.id, { banner: b, reason, at: new Date(now()).toISOString(), kept: Date.now() });
    saveEndings([...endings.values()]);
    say(word(`say_${reason}`, { title: b.title }), { urgent: b.severity === 1, about: `notice-${b.id}` });
  }

  function announce(b, before) {
    const where = state.surface(b);
    if (where === 'list') return;
    const former = before && state.surface(before);
    const isNew = !before || former === 'list' || (former === 'bar' && where === 'card');
    const isSaid = before && before.revision !== b.revision;
    const newest = isSaid && b.latest_update && b.latest_update.at !== before.latest_update?.at;
    const isChanged = newest || (isSaid && (before.severity !== b.severity || before.eta !== b.eta));
    if (!isNew && !isChanged && before.phase === b.phase) return;
    const sentence = isChanged && former !== 'list' ? word('say_update', { title: b.title, text: newest ? plain(b.latest_update.html) : '' })
      : word('say_new', { kind: kindLabel(b), title: b.title });
    // That the clock begins or ends something is never urgent.
    say(sentence, { urgent: b.severity === 1 && (isNew || isChanged), about: `notice-${b.id}` });
  }

  /* Once for each end that passes while the page is open. */
  const late = new Set([...state.banners.values()].filter(isOverrun).map(lateKey));
  function lateKey(b) { return `${b.id} ${b.eta}`; }
  function sayLate() {
    [...state.banners.values()].filter((b) => isOverrun(b) && !late.has(lateKey(b))).forEach((b) => {
      late.add(lateKey(b));
      if (state.surface(b) !== 'list') say(word('say_update', { title: b.title, text: word('overrun') }), { about: `notice-${b.id}` });
    });
  }

  /* A short tint and a flag say what changed, without movement. */
  function mark(b, before) {
    if (!before || before.revision === b.revision) return;
    const loud = before.severity !== b.severity;
    if (!loud && b.latest_update?.at === before.latest_update?.at) return;
    setTimeout(() => {
      const card = stack.querySelector(`.notice[data-id="${b.id}"][data-surface="card"]`);
      const flag = card?.querySelector('[data-f="flag"]');
      if (!flag) return;
      flag.textContent = loud ? word('flag_level', { kind: kindLabel(b) }) : word('flag_new');
      flag.hidden = false;
      card.classList.add('is-new');
      setTimeout(() => card.classList.remove('is-new'), 1700);
    }, 50);
  }

  const plain = (html) => new DOMParser().parseFromString(html, 'text/html').body.textContent.trim();

  /* ---- what the person does ---- */
  stack.addEventListener('focusin', (event) => { if (!stack.contains(event.relatedTarget)) cameFrom = event.relatedTarget; });

  async function receipt(b, what, extra = {}) {
    const answer = await send({ id: b.id, version: b.version, what, ...extra });
    if (!answer?.error) return true;
    toast(answer.message ?? word('receipt_failed'), 'error');
    return false;
  }

  async function act(b, what) {
    const former = b.receipt;
    const minutes = what === 'snoozed' && !b.must_confirm && !(b.kind === 'maintenance' && b.phase === 'upcoming') ? 60 : null;
    const until = new Date(now() + (minutes ?? 5) * 60000).toISOString();
    b.receipt = { ...former, read: former.read || what === 'read', hidden: former.hidden || what === 'hidden',
      affected: former.affected || what === 'affected', snoozed_until: what === 'snoozed' ? until : former.snoozed_until };
    leave(b, what);
    say(word(`did_${what}`, { title: b.title }), { about: `notice-${b.id}` });
    if (!await receipt(b, what, minutes ? { minutes } : {})) { b.receipt = former; draw(); }
  }

  /* After "read" or "hide": the next notice, else where the focus came from, else the page. */
  function leave(b, what) {
    const inside = stack.contains(document.activeElement);
    const at = [...stack.querySelectorAll('.notice')].findIndex((n) => n.dataset.id === String(b.id));
    if (what === 'affected') { const node = stack.querySelector(`.notice[data-id="${b.id}"][data-surface="card"]`); if (node) fill(node, b); return; }
    if (state.opened === b.id) state.opened = null;
    draw();
    if (!inside) return;
    focusTitle((stack.querySelectorAll('.notice')[at] ?? stack.querySelector('.notice'))?.dataset.id);
  }

  document.addEventListener('submit', (event) => { if (event.target.matches('[data-notice-form]')) event.preventDefault(); }, true);
  stack.addEventListener('click', (event) => {
    const what = event.target.closest('[data-act]')?.dataset.act;
    const node = event.target.closest('.notice');
    if (!what || !node) return;
    event.preventDefault();
    const id = Number(node.dataset.id);
    if (what === 'fold') { setFolded(stack, !stack.classList.contains('is-min')); return; }
    if (what === 'close') { endings.delete(id); saveEndings([...endings.values()]); node.remove(); draw(); return; }
    const b = state.banners.get(id);
    if (!b) return;
    if (what === 'open') { stack.classList.remove('is-min'); state.opened = id; draw(); focusTitle(id); return; }
    act(b, what);
  });

  /* Escape closes to a row or folds; it never dismisses. */
  stack.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    const closed = state.opened;
    state.opened = null;
    if (closed === null) setFolded(stack, true); else draw();
    focusTitle(closed);
  });

  /* ---- delivered and seen ---- */
  const find = (id) => state.banners.get(id);
  const { tell, tellAgain, watch } = watchReceipts(() => [...stack.querySelectorAll('.notice'), ...bars.querySelectorAll('.nbar[data-id]')], find);
  const lookForReplies = stack.dataset.staff === '1' ? () => {} : watchReplies(find, tell);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) { watch(); lookForReplies(); } });

  keepClear(stack);
  watchConnection(stack, bars, state);
  startDialog(act, state);
  draw();
  sayUnread();
  setInterval(everyMinute, 60000);

  /* What is there at the load of a page is not spoken, except something critical that has not been read. */
  function sayUnread() {
    const b = [...state.banners.values()].find((one) => one.severity === 1 && state.surface(one) === 'card');
    if (b && !b.must_confirm) say(word('say_new', { kind: kindLabel(b), title: b.title }), { about: `notice-${b.id}` });
  }

  function everyMinute() {
    dropOldEndings();
    if (document.hidden) return;
    lookForReplies();
    tellAgain();
    sayLate();
    if (!busy()) refresh();
  }

  function dropOldEndings() {
    const old = [...endings.values()].filter((e) => Date.now() - e.kept >= KEEP_ENDING_MS);
    if (!old.length) return;
    old.forEach((e) => endings.delete(e.banner.id));
    saveEndings([...endings.values()]);
    drawWhenFree();
  }

  /* A promise that has passed is said to have passed. */
  function refresh() {
    state.arrange().stack.forEach(([shape, b]) => { const node = stack.querySelector(`.notice[data-id="${b.id}"][data-surface="${shape}"]`); if (node) fill(node, b); });
    const bar = state.arrange().bar;
    if (bar) drawBar(bar);
  }
}

function loadEndings() {
  try {
    return JSON.parse(sessionStorage.getItem('notice-endings') ?? '[]').filter((e) => e.viewer === document.documentElement.dataset.viewer && Date.now() - e.kept < KEEP_ENDING_MS);
  } catch { return []; }
}

function saveEndings(list) {
  const viewer = document.documentElement.dataset.viewer;
  sessionStorage.setItem('notice-endings', JSON.stringify(list.map((e) => ({ ...e, viewer }))));
}

/* The board of this person, as this tab knows it: newest version of each banner, tombstones, and where each is drawn.
   The table of surfaces is the one of banners/rules.py. */
import { now, setClock } from '/static/js/times.js';

const block = document.getElementById('notice-board');

const sameAs = (a, b) => a.version === b.version && a.phase === b.phase && a.status === b.status && a.started_at === b.started_at;

export class BoardState {
  constructor(isStaff) {
    this.isStaff = isStaff;
    this.epoch = null;
    this.seq = 0;
    this.banners = new Map();
    this.tombstones = new Map();
    this.opened = null;
    if (block) this.replace(JSON.parse(block.textContent));
  }

  #checkEpoch(epoch) {
    if (this.epoch === epoch) return;
    this.banners.clear();
    this.tombstones.clear();
    this.epoch = epoch;
    this.seq = 0;
  }

  /** Take a whole board. The ids that are gone by it, or null when it is older than what is known. */
  replace(board) {
    if (board.server_time) setClock(Date.parse(board.server_time));
    if (this.epoch === board.epoch && board.seq < this.seq) return null;
    this.#checkEpoch(board.epoch);
    this.seq = Math.max(this.seq, board.seq);
    const before = this.banners;
    this.banners = new Map(board.banners.map((b) => [b.id, this.#newer(before.get(b.id), b)]));
    this.banners.forEach((_b, id) => this.tombstones.delete(id)); // it is back
    return [...before.values()].filter((b) => !this.banners.has(b.id));
  }

  #newer(known, given) { return known && known.version > given.version ? known : given; }

  /** Take one banner. Gives {before} when it is news to this tab, else null. */
  apply({ epoch, seq, banner }) {
    this.#checkEpoch(epoch);
    this.seq = Math.max(this.seq, seq);
    const before = this.banners.get(banner.id);
    // The clock alone can begin, show or end it: then the version is the same, and what was said last holds.
    if (before && (before.version > banner.version || sameAs(before, banner))) return null;
    if ((this.tombstones.get(banner.id) ?? -1) > seq) return null;
    this.banners.set(banner.id, banner);
    this.#sort();
    return { before };
  }

  /** Take an ending. The banner that was known, or null. */
  retire({ epoch, seq, id, version }) {
    this.#checkEpoch(epoch);
    this.seq = Math.max(this.seq, seq);
    const known = this.banners.get(id);
    if (known && known.version > version) return null;
    this.tombstones.set(id, Math.max(version, this.tombstones.get(id) ?? 0));
    this.banners.delete(id);
    return known ?? null;
  }

  #sort() {
    const kinds = ['incident', 'maintenance', 'information'];
    const key = (b) => [b.severity, kinds.indexOf(b.kind), -Date.parse(b.updated_at)];
    const compare = (a, b) => { const x = key(a), y = key(b); return x[0] - y[0] || x[1] - y[1] || x[2] - y[2]; };
    this.banners = new Map([...this.banners.values()].sort(compare).map((b) => [b.id, b]));
  }

  /** card, row, bar or list: a dialog only ever opens at page load, so here it is a card. */
  surface(b) {
    const snoozed = b.receipt.snoozed_until && Date.parse(b.receipt.snoozed_until) > now();
    if (b.severity === 1) return b.receipt.read ? 'bar' : snoozed ? 'list' : 'card';
    if (this.isStaff || b.severity === 4 || b.receipt.hidden || b.receipt.read || snoozed) return 'list';
    return b.severity === 3 ? 'row' : 'card';
  }

  /** What to draw, in order: {stack: [[shape, banner]…], bar, more}. */
  arrange() {
    const stack = [];
    let bar = null;
    let open = false;
    for (const b of this.banners.values()) {
      let shape = this.surface(b);
      if (shape === 'bar') bar ??= b;
      if (shape === 'bar' || shape === 'list') continue;
      if (b.severity > 1) {
        if (this.opened !== null) shape = this.opened === b.id ? 'card' : 'row';
        else if (open || stack.length) shape = 'row';
      }
      open ||= shape === 'card';
      stack.push([shape, b]);
    }
    return { stack: stack.slice(0, 3), bar, more: Math.max(0, stack.length - 3) };
  }

  /** Milliseconds until a put-off banner returns, or null. */
  nextReturn() {
    const times = [...this.banners.values()].map((b) => Date.parse(b.receipt.snoozed_until ?? '')).filter((t) => t > now());
    return times.length ? Math.min(...times) - now() : null;
  }
}

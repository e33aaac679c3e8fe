/* Times in the reader's zone and language. The server's clock counts, not the device's. */
import { text } from './strings.js';

const root = document.documentElement;
const lang = root.lang || 'en';
const zone = root.dataset.tz || undefined;
const MINUTE = 60000;

/* A page taken from the back-forward cache carries an old server time, so the difference found before is used. */
const cached = performance.getEntriesByType('navigation')[0]?.type === 'back_forward';
const stated = Date.parse(root.dataset.now ?? '');
let offset = Number(sessionStorage.getItem('clock-offset')) || 0;
if (!cached && Number.isFinite(stated)) setClock(stated);

/** Tell the page the server's time in milliseconds, for instance from a message of the live connection. */
export function setClock(serverNow) {
  offset = serverNow - Date.now();
  sessionStorage.setItem('clock-offset', String(Math.round(offset)));
}

/** The server's time now, in milliseconds. */
export const now = () => Date.now() + offset;

const cycle = root.dataset.hourCycle ? { hourCycle: root.dataset.hourCycle } : {};
/* The short style is what the server writes: "9:28 PM", "9:28" or "09:28", as the language has it. */
const clockFormat = new Intl.DateTimeFormat(lang, { timeStyle: 'short', timeZone: zone, ...cycle });
const dayFormat = new Intl.DateTimeFormat(lang, { weekday: 'short', day: 'numeric', month: 'short', timeZone: zone });

/** Clock time of a date, which no line break parts. */
export const clock = (when) => clockFormat.format(new Date(when)).replace(/\s/g, '\u00a0');

/** Clock time of a date, with weekday and date when it is more than 20 hours away. */
export function at(when) {
  const date = new Date(when);
  const isFar = Math.abs(date.getTime() - now()) > 20 * 60 * MINUTE;
  return isFar ? `${dayFormat.format(date)}, ${clock(date)}` : clock(date);
}

const unit = (value, name, display) => new Intl.NumberFormat(lang, { style: 'unit', unit: name, unitDisplay: display }).format(value);

/** A length of time in words: minutes, hours and minutes, or days. Never negative. */
export function span(milliseconds) {
  const minutes = Math.max(0, Math.round(milliseconds / MINUTE));
  if (minutes < 60) return unit(minutes, 'minute', 'short');
  if (minutes >= 48 * 60) return unit(Math.round(minutes / 1440), 'day', 'long');
  const hours = unit(Math.floor(minutes / 60), 'hour', 'short');
  return minutes % 60 ? `${hours} ${unit(minutes % 60, 'minute', 'short')}` : hours;
}

function sinceText(iso) {
  const passed = now() - Date.parse(iso);
  return `(${passed < MINUTE ? text('just_now') : span(passed)})`;
}

function untilText(iso, passed) {
  const left = Date.parse(iso) - now();
  if (left > MINUTE) return `(${text('in', { span: span(left) })})`;
  if (left > 0) return `(${text('soon')})`;
  return passed ? `· ${passed}` : `(${text('due')})`;
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

/** Write the relative times below `scope`. Call it after putting new markup on the page. */
export function refreshTimes(scope = document) {
  scope.querySelectorAll('[data-since]').forEach((el) => write(el, sinceText(el.dataset.since)));
  scope.querySelectorAll('[data-until]').forEach((el) => write(el, untilText(el.dataset.until, el.dataset.passed)));
}

refreshTimes();
setInterval(() => refreshTimes(), MINUTE / 2);
document.addEventListener('visibilitychange', () => { if (!document.hidden) refreshTimes(); });

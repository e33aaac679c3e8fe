/* The page of one announcement: its reach, kept fresh; who else is here and writes; dialogs instead of pages; states
   that fill the form. */
import { getJson } from '/static/js/net.js';
import { now, refreshTimes } from '/static/js/times.js';
import { startPresence } from './presence.js';
import { number } from './reach.js';

const AGAIN = 4000;      // all that the server counts or words is asked for at most this often,
const SETTLED = 30000;   // and once more after the last change, because it gives what took long again for a while
const strings = JSON.parse(document.getElementById('room-strings')?.textContent ?? '{}');
const room = document.querySelector('[data-room]');
const id = Number(room?.dataset.room);
const percent = new Intl.NumberFormat(document.documentElement.lang || 'en', { style: 'percent' });

function showTotals(reach) {
  room.querySelectorAll('[data-kpi]').forEach((place) => { place.textContent = number(reach[place.dataset.kpi]); });
  room.querySelectorAll('[data-kpi-share]').forEach((place) => {
    const share = reach.targeted ? percent.format(Math.min(1, reach[place.dataset.kpiShare] / reach.targeted)) : '–';
    place.textContent = strings.share.replace('{share}', share).replace('{total}', number(reach.targeted));
  });
}

function cell(tag, text, cls) {
  const node = document.createElement(tag);
  node.textContent = text;
  if (cls) node.className = cls;
  return node;
}

function showDepartments(departments) {
  const body = document.querySelector('[data-departments]');
  body.replaceChildren(...departments.map((department) => {
    const row = document.createElement('tr');
    const name = cell('th', department.name || strings.none);
    name.scope = 'row';
    row.append(name);
    if (department.counts) row.append(...['targeted', 'delivered', 'seen', 'read'].map((key) => cell('td', number(department.counts[key]), 'num')));
    else {
      const few = cell('td', strings.few, 'muted');
      few.colSpan = 4;
      row.append(few);
    }
    return row;
  }));
}

const chart = document.querySelector('[data-reach-chart]');

/* A part of the page as the server draws it now; null when there is none any more. */
async function drawnPart(address) {
  const answer = await fetch(address, { headers: { Accept: 'text/html' } });
  if (!answer.ok || answer.redirected) return null;
  return new DOMParser().parseFromString(await answer.text(), 'text/html').body;
}

/* An open table stays open. */
async function drawChart() {
  const drawn = chart && await drawnPart(chart.dataset.reachChart);
  if (!drawn) return;
  const wasOpen = chart.querySelector('details')?.open;
  chart.replaceChildren(...drawn.childNodes);
  if (wasOpen) chart.querySelector('details')?.setAttribute('open', '');
  refreshTimes(chart);
}

/* Whom the end would tell stands beside the update and in the dialog. */
async function drawEnding() {
  if (!document.querySelector('[data-follows$="-resolve"]')) return;
  const drawn = await drawnPart(`/announcements/${id}/ending`);
  drawn?.querySelectorAll('[data-follows]').forEach((part) => {
    document.querySelectorAll(`[data-follows="${part.dataset.follows}"]`).forEach((place) => place.replaceChildren(...part.cloneNode(true).childNodes));
  });
}

let waiting = 0;
let settling = 0;
let asked = 0;

async function ask() {
  waiting = 0;
  asked = Date.now();
  try {
    const reach = await getJson(`/api/v1/announcements/${id}/reach`);
    showTotals(reach);
    showDepartments(reach.departments);
    await Promise.all([drawChart(), drawEnding()]);
  } catch { /* the numbers shown stay; the next change asks again */ }
}

startPresence(strings);

if (room) {
  ask();
  window.addEventListener('helpdesk:reach', ({ detail }) => {
    if (detail.id !== id) return;
    showTotals(detail);
    waiting ||= setTimeout(ask, Math.max(0, asked + AGAIN - Date.now()));
    clearTimeout(settling);
    settling = setTimeout(ask, SETTLED);
  });
}

/* What can no longer be undone is not offered any more. */
const until = document.querySelector('[data-undo-until]')?.dataset.undoUntil;
if (until) {
  const left = Date.parse(until) - now();
  setTimeout(() => document.querySelectorAll('form[action$="/undo"]').forEach((form) => form.remove()), Math.max(0, left));
}

/* Links lead to pages of their own; with this script the same forms open as dialogs. */
document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-act-dialog]');
  const dialog = link && document.getElementById(link.dataset.actDialog);
  if (!dialog || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  link.closest('details')?.removeAttribute('open');
  dialog.showModal();
});

document.addEventListener('click', (event) => {
  const step = event.target.closest('[data-status]');
  const form = step && document.querySelector('#update form');
  if (!form || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  form.elements.status.value = step.dataset.status;
  form.elements.text.focus();
});

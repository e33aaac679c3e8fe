/* The page of one announcement: its reach, kept fresh; who else is here and writes; dialogs instead of pages; states
   that fill the form. */
import { getJson } from '/static/js/net.js';
import { now, refreshTimes } from '/static/js/times.js';
import { startPresence } from './presence.js';
import { number } from './reach.js';

const AGAIN = 10000;   // departments are asked for at most this often
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

/* The server draws it; an open table stays open. */
async function drawChart() {
  if (!chart) return;
  const answer = await fetch(chart.dataset.reachChart, { headers: { Accept: 'text/html' } });
  if (!answer.ok || answer.redirected) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), 'text/html').body;
  const wasOpen = chart.querySelector('details')?.open;
  chart.replaceChildren(...drawn.childNodes);
  if (wasOpen) chart.querySelector('details')?.setAttribute('open', '');
  refreshTimes(chart);
}

let waiting = 0;
let asked = 0;

async function ask() {
  waiting = 0;
  asked = Date.now();
  try {
    const reach = await getJson(`/api/v1/announcements/${id}/reach`);
    showTotals(reach);
    showDepartments(reach.departments);
    await drawChart();
  } catch { /* the numbers shown stay; the next change asks again */ }
}

startPresence(strings);

if (room) {
  ask();
  window.addEventListener('helpdesk:reach', ({ detail }) => {
    if (detail.id !== id) return;
    showTotals(detail);
    if (!waiting) waiting = setTimeout(ask, Math.max(0, asked + AGAIN - Date.now()));
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

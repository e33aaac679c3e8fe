/* The composer: parts that belong to the kind, rows of services and quick times. What the server says about it all: said.js.
   Without this script the form works as it is, and the server checks on sending. */
import { request } from '/static/js/net.js';
import { toast } from '/static/js/say.js';
import { sayLive } from './said.js';

const form = document.querySelector('form[data-composer]');
const strings = JSON.parse(document.getElementById('composer-strings')?.textContent ?? '{}');
const value = (name) => new FormData(form).get(name);

if (form) start();

function start() {
  document.querySelectorAll('[data-panel-later]').forEach((panel) => { panel.hidden = true; });
  serviceRows();
  quickTimes();
  fixes();
  counters();
  arrange();
  sendTest();
  form.addEventListener('change', arrange);
  sayLive(form, '/announcements/preview', showWeight);
}

/* ---- what belongs to the kind, to "schedule" and to "another rule" ---- */
function arrange() {
  const kind = value('kind');
  document.querySelectorAll('[data-for]').forEach((part) => { part.hidden = !part.dataset.for.split(' ').includes(kind); });
  document.querySelectorAll('[data-when]').forEach((part) => { part.hidden = part.dataset.when !== value('when'); });
  document.querySelectorAll('[data-tick]').forEach((part) => { part.hidden = !form.elements[part.dataset.tick].checked; });
  document.querySelectorAll('[data-repeat]').forEach((part) => { part.hidden = part.dataset.repeat !== value('repeat'); });
}

function counters() {
  form.querySelectorAll('[data-counter]').forEach((field) => {
    const place = form.querySelector(`[data-counter-for="${field.name}"]`);
    const write = () => {
      place.textContent = strings.counter.replace('{count}', String([...field.value].length));
      place.classList.toggle('t-l2', [...field.value].length > Number(field.dataset.counter));
    };
    field.addEventListener('input', write);
    write();
  });
}

/* ---- affected services ---- */
function serviceRows() {
  const rows = form.querySelector('[data-service-rows]');
  const add = form.querySelector('[data-add-service]');
  let number = rows.children.length;
  add.hidden = false;
  add.addEventListener('click', () => {
    const row = rows.lastElementChild.cloneNode(true);
    number += 1;
    row.querySelectorAll('select').forEach((select, i) => {
      select.id = `${i ? 'fx' : 'svc'}-${number}`;
      row.querySelectorAll('label')[i].htmlFor = select.id;
      select.selectedIndex = 0;
    });
    rows.append(row);
    row.querySelector('select').focus();
  });
  rows.addEventListener('click', (event) => {
    const row = event.target.closest('[data-remove-service]')?.closest('[data-service-row]');
    if (!row) return;
    if (rows.children.length > 1) row.remove(); else row.querySelector('select').selectedIndex = 0;
    add.focus();
    form.dispatchEvent(new Event('change', { bubbles: true }));
  });
}

/* ---- "in 30 minutes", on the wall of the chosen zone, rounded up to five minutes ---- */
function wall(moment, zone) {
  const parts = new Intl.DateTimeFormat('en-CA', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' }).formatToParts(moment);
  const part = (type) => parts.find((p) => p.type === type).value;
  return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}`;
}

function quickTimes() {
  form.querySelectorAll('[data-quick]').forEach((group) => {
    group.hidden = false;
    const field = form.elements[group.dataset.quick];
    const release = () => group.querySelectorAll('[aria-pressed]').forEach((b) => b.setAttribute('aria-pressed', 'false'));
    field.addEventListener('input', (event) => { if (event.isTrusted) release(); });
    group.addEventListener('click', (event) => {
      const button = event.target.closest('[data-minutes]');
      if (!button) return;
      const step = 5 * 60000;
      const moment = Math.ceil((serverNow() + Number(button.dataset.minutes) * 60000) / step) * step;
      release();
      button.setAttribute('aria-pressed', 'true');
      set(field, wall(moment, value('time_zone')));
    });
  });
  form.elements.eta_unknown?.addEventListener('change', (event) => { if (event.target.checked) form.elements.eta.value = ''; });
  form.elements.eta?.addEventListener('input', () => { if (form.elements.eta.value) form.elements.eta_unknown.checked = false; });
}

const offset = (Date.parse(document.documentElement.dataset.now ?? '') || Date.now()) - Date.now();
const serverNow = () => Date.now() + offset;

function set(field, text) {
  if (field instanceof RadioNodeList) {
    field.value = text;
    [...field].find((radio) => radio.checked)?.dispatchEvent(new Event('change', { bubbles: true }));
    return;
  }
  if (field.type === 'checkbox') field.checked = text !== '';
  else field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
}

function fixes() {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-fix-field]');
    const field = button && form.elements[button.dataset.fixField];
    if (!field) return;
    set(field, button.dataset.fixValue);
    (field instanceof RadioNodeList ? [...field].find((radio) => radio.checked) : field)?.focus();
  });
}

/* ---- a test: a mail and a popup for nobody but the author ---- */
function sendTest() {
  const button = document.querySelector('[data-send-test]');
  button?.addEventListener('click', async () => {
    button.disabled = true;
    showPopup();
    try {
      const data = new FormData(form);
      data.delete('csrf_token');
      toast((await request('POST', '/announcements/test', { body: data })).message);
    } catch (error) {
      toast(error.message, 'error');
    }
    button.disabled = false;
  });
}

function showPopup() {
  document.querySelector('.float [data-test-popup]')?.remove();
  const card = document.querySelector('[data-live="banner"] .notice[data-surface="card"]')?.cloneNode(true);
  if (!card) return;
  card.dataset.testPopup = '';
  card.removeAttribute('aria-labelledby');
  card.querySelectorAll('[id]').forEach((node) => node.removeAttribute('id'));
  card.querySelectorAll('.notice__a, form').forEach((node) => node.remove());
  const foot = document.createElement('p');
  foot.className = 'sm muted mb-0';
  const close = Object.assign(document.createElement('button'), { type: 'button', className: 'linkbtn', textContent: strings.close });
  close.addEventListener('click', () => card.remove());
  foot.append(`${strings.test} · `, close);
  card.querySelector('.notice__b').append(foot);
  document.querySelector('.float')?.append(card);
}

/* ---- what the server says ---- */
function showWeight(answer) {
  const weight = document.querySelector('[data-weight-now]');
  if (weight && answer.weight) weight.textContent = strings.automatic[answer.weight] ?? '';
}

/* Forms: error summary takes the focus, questions before what can't be undone, no double sending. */
import { text } from './strings.js';

document.querySelector('[data-error-summary]')?.focus();

/* The link of an error goes to its control, not only near it. */
document.addEventListener('click', (event) => {
  const link = event.target.closest('[data-error-summary] a[href^="#"]');
  const target = link && document.getElementById(link.getAttribute('href').slice(1));
  if (!target) return;
  event.preventDefault();
  const control = target.matches('input, select, textarea') ? target : target.querySelector('input, select, textarea') ?? target;
  control.focus();
});

let question = null;

function questionDialog() {
  if (question) return question;
  question = document.createElement('dialog');
  question.className = 'dlg dlg--ask';
  question.setAttribute('role', 'alertdialog');
  question.setAttribute('aria-labelledby', 'ask-text');
  const body = document.createElement('div');
  body.className = 'dlg__b';
  const words = document.createElement('p');
  words.id = 'ask-text';
  body.append(words);
  const foot = document.createElement('div');
  foot.className = 'dlg__f';
  const no = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-outline', textContent: text('cancel'), autofocus: true });
  const yes = Object.assign(document.createElement('button'), { type: 'button', className: 'btn btn-primary' });
  foot.append(no, yes);
  question.append(body, foot);
  document.body.append(question);
  no.addEventListener('click', () => question.close('no'));
  yes.addEventListener('click', () => question.close('yes'));
  return question;
}

/** Ask in a dialog; resolves to true when the person agrees. `label` is the word on the agreeing button. */
export function ask(words, label) {
  const dialog = questionDialog();
  dialog.querySelector('#ask-text').textContent = words || text('confirm');
  dialog.querySelector('.btn-primary').textContent = label;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
  });
}

const agreed = new WeakSet();

async function confirmFirst(form, submitter, words) {
  const label = submitter?.dataset.confirmLabel || form.dataset.confirmLabel || submitter?.textContent.trim() || 'OK';
  if (!await ask(words, label)) return;
  agreed.add(form);
  form.requestSubmit(submitter);
}

/* In the bubbling phase on the document: scripts that send a form themselves have prevented it by now. */
document.addEventListener('submit', (event) => {
  const form = event.target;
  const submitter = event.submitter;
  if (event.defaultPrevented || form.method === 'dialog') return;
  const words = submitter?.dataset.confirm ?? form.dataset.confirm;
  if (words !== undefined && !agreed.has(form)) {
    event.preventDefault();
    confirmFirst(form, submitter, words);
    return;
  }
  agreed.delete(form);
  if (form.method !== 'post' || 'many' in form.dataset) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = '1';
  submitter?.setAttribute('aria-disabled', 'true');
});

/* Back from another page: the form can be sent again. */
window.addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  document.querySelectorAll('form[data-sent]').forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll('[aria-disabled="true"]').forEach((button) => button.removeAttribute('aria-disabled'));
  });
});

/* data-check-all="name" ticks every box of that name; [data-bulk] shows while any is ticked, [data-bulk-count] says how many. */
function countTicked() {
  const bar = document.querySelector('[data-bulk]');
  if (!bar) return;
  const ticked = document.querySelectorAll(`input[type=checkbox][name="${bar.dataset.bulk}"]:checked`).length;
  bar.hidden = ticked === 0;
  const place = bar.querySelector('[data-bulk-count]');
  if (place) place.textContent = text('selected', { count: ticked });
}
document.addEventListener('change', (event) => {
  const name = event.target.dataset?.checkAll;
  if (name) document.querySelectorAll(`input[type=checkbox][name="${name}"]`).forEach((box) => { box.checked = event.target.checked; });
  if (event.target.matches?.('input[type=checkbox]')) countTicked();
});
countTicked();

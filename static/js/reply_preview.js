/* Shows an automated reply with a sample ticket while it is written. The server fills the blanks. */
import { postJson } from './net.js';

const form = document.querySelector('form[data-reply-preview]');
const subject = form.querySelector('[data-reply-subject]');
const body = form.querySelector('[data-reply-body]');
let timer = 0;
let latest = 0;

async function show() {
  const mine = ++latest;
  const shown = await postJson(form.dataset.replyPreview, new FormData(form));
  if (mine !== latest) return; // a later one is under way
  subject.textContent = shown.subject;
  body.textContent = shown.body;
}

form.addEventListener('input', () => {
  clearTimeout(timer);
  timer = setTimeout(() => show().catch(() => {}), 300); // the button shows it too
});

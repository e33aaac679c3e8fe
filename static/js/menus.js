/* <details class="menu">: one open at a time; outside click and Escape close it and Escape gives the focus back.
   Buttons with data-dialog open a <dialog>, data-close closes it. data-copy copies. */
import { text } from './strings.js';
import { say, toast } from './say.js';

document.addEventListener('click', (event) => {
  document.querySelectorAll('details.menu[open]').forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; });
  const opener = event.target.closest('[data-dialog]');
  if (opener) document.getElementById(opener.dataset.dialog)?.showModal();
  const closer = event.target.closest('[data-close]');
  if (closer) closer.closest('dialog')?.close();
  const copier = event.target.closest('[data-copy]');
  if (copier) copy(copier);
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menu = document.activeElement?.closest('details.menu[open]');
  if (!menu) return;
  menu.open = false;
  menu.querySelector('summary').focus();
});

document.addEventListener('focusout', (event) => {
  const menu = event.target.closest?.('details.menu[open]');
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
});

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    say(text('copied'));
    button.classList.add('is-done');
    setTimeout(() => button.classList.remove('is-done'), 1500);
  } catch {
    toast(text('copy_failed'), 'error');
  }
}

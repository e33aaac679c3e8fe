/* "Must be confirmed": one modal dialog, only at a page load, never over a page in use. */
export function startDialog(act, state) {
  const dialog = document.getElementById('notice-dialog');
  if (!dialog) return;
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  dialog.addEventListener('click', (event) => {
    const what = event.target.closest('[data-act]')?.dataset.act;
    const article = event.target.closest('[data-id]');
    if (!what || !article) return;
    event.preventDefault();
    const b = state.banners.get(Number(article.dataset.id));
    article.remove();
    if (b) act(b, what);
    if (dialog.querySelector('[data-id]')) dialog.querySelector('button').focus(); else dialog.close();
  });
  dialog.showModal();
  dialog.querySelector('[data-act="read"]').focus();
}

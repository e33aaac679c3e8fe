/* On small screens the stack is a sheet from the bottom. It folds to one line rather than cover a field in use. */
const small = matchMedia('(max-width: 1199.98px)');
const TYPING = 'input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable]';

const FOLDED = 'notices-folded';
const shown = (stack) => [...stack.children].map((n) => `${n.dataset.id}:${n.dataset.version}`).join();

/** Fold or open because the person asked for it. It stays so on the next pages, until there is something else to show. */
export function setFolded(stack, folded) {
  stack.classList.toggle('is-min', folded);
  sessionStorage.setItem(FOLDED, folded ? shown(stack) : '');
  refold(stack);
}

/** Say to the page and to screen readers whether the sheet is open. */
export function refold(stack) {
  const folded = stack.classList.contains('is-min');
  document.body.classList.toggle('has-sheet', small.matches && stack.children.length > 0 && !folded);
  stack.querySelectorAll('[data-act="fold"]').forEach((b) => b.setAttribute('aria-expanded', String(!folded)));
}

/** Fold when the focused control would be covered, or when a field gets the focus on a small screen (WCAG 2.4.11). */
export function keepClear(stack) {
  if (stack.children.length && sessionStorage.getItem(FOLDED) === shown(stack)) stack.classList.add('is-min');
  small.addEventListener('change', () => refold(stack));
  document.addEventListener('focusin', (event) => {
    if (stack.contains(event.target) || event.target.closest('dialog')) return;
    const box = stack.closest('.float') ?? stack;
    if (getComputedStyle(box).position !== 'fixed') return;
    const a = box.getBoundingClientRect();
    const b = event.target.getBoundingClientRect();
    const covered = a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
    if (covered || (small.matches && event.target.matches(TYPING))) { stack.classList.add('is-min'); refold(stack); }
  });
}

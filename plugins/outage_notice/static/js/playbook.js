/* The page with only the blanks of a playbook. Without this script the form works as it is. */
import { sayLive } from './said.js';

const form = document.querySelector('form[data-playbook]');

if (form) {
  sayLive(form, form.dataset.playbook, showSuggestion);
  document.addEventListener('click', fix);
}

function showSuggestion(answer) {
  const suggestion = document.querySelector('[data-suggestion]');
  if (suggestion) suggestion.textContent = answer.suggestion;
}

/* A fix of the check that this form has a field for. */
function fix(event) {
  const button = event.target.closest('[data-fix-field]');
  const field = button && form.elements[button.dataset.fixField];
  if (!field) return;
  field.value = button.dataset.fixValue;
  form.dispatchEvent(new Event('change', { bubbles: true }));
}

/* Type-ahead picker (ARIA combobox with list, aria-activedescendant). Markup: macro combobox() in macros/forms.html.
   The address answers {"items": [{"id", "label", "detail", "kind"}]} to ?q=. Sends "combobox:change" when the choice changes. */
import { text } from './strings.js';
import { CROSS, icon, say } from './say.js';
import { getJson } from './net.js';

class Combobox {
  constructor(root) {
    this.root = root;
    this.input = root.querySelector('[role="combobox"]');
    this.list = root.querySelector('[role="listbox"]');
    this.items = [];
    this.active = -1;
    this.timer = 0;
    this.asked = null;
    this.input.addEventListener('input', () => { this.outdate(); this.schedule(); });
    this.input.addEventListener('click', () => { if (this.list.hidden) this.schedule(0); });
    this.input.addEventListener('keydown', (event) => this.key(event));
    this.input.addEventListener('blur', () => setTimeout(() => { if (!root.contains(document.activeElement)) this.close(); }, 120));
    this.list.addEventListener('pointerdown', (event) => event.preventDefault());
    this.list.addEventListener('click', (event) => this.clicked(event));
    root.addEventListener('click', (event) => {
      const remove = event.target.closest('[data-remove]');
      if (remove) this.remove(remove.closest('[data-tag]'));
      else if (event.target === root) this.input.focus();
    });
  }

  get values() { return [...this.root.querySelectorAll('[data-tag] input')].map((el) => el.value); }
  valueOf(item) { return this.root.dataset.kinds === 'true' ? `${item.kind}:${item.id}` : String(item.id); }

  schedule(delay = 150) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), delay);
  }

  /* What is shown answers an older text. It stays in view, so that the list does not flicker, but it cannot be chosen. */
  outdate() {
    this.asked?.abort();
    this.items = [];
    this.active = -1;
    this.input.removeAttribute('aria-activedescendant');
    this.list.querySelectorAll('.pick__opt').forEach((row) => {
      row.className = 'pick__none';
      row.setAttribute('aria-selected', 'false');
      row.setAttribute('aria-disabled', 'true');
    });
  }

  async search() {
    const words = this.input.value.trim();
    if (words.length < Number(this.root.dataset.minChars)) { this.close(); return; }
    this.asked?.abort();
    this.asked = new AbortController();
    const { signal } = this.asked;
    const url = new URL(this.root.dataset.comboboxUrl, location.href);
    url.searchParams.set('q', words);
    try {
      const answer = await getJson(url, { signal });
      const chosen = this.values;
      this.show(answer.items.filter((item) => !chosen.includes(this.valueOf(item))));
    } catch (error) {
      if (!signal.aborted) this.show([], error.message || text('search_failed'));
    }
  }

  show(items, failure = '') {
    if (document.activeElement !== this.input) return;
    this.items = items;
    this.active = -1;
    this.list.replaceChildren(...(items.length ? items.map((item, i) => this.option(item, i)) : [this.nothing(failure || text('no_results'))]));
    this.list.hidden = false;
    this.input.setAttribute('aria-expanded', 'true');
    this.input.removeAttribute('aria-activedescendant');
    say(failure || (items.length ? text('results', { count: items.length }) : text('no_results')), { about: this.input.id });
  }

  option(item, index) {
    const li = document.createElement('li');
    li.className = 'pick__opt';
    li.id = `${this.list.id}-${index}`;
    li.dataset.index = String(index);
    li.setAttribute('role', 'option');
    li.setAttribute('aria-selected', 'false');
    li.append(item.label);
    if (item.detail) li.append(Object.assign(document.createElement('small'), { textContent: item.detail }));
    return li;
  }

  nothing(words) {
    const li = Object.assign(document.createElement('li'), { className: 'pick__none', textContent: words });
    li.setAttribute('role', 'option');
    li.setAttribute('aria-disabled', 'true');
    li.setAttribute('aria-selected', 'false');
    return li;
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.list.hidden = true;
    this.active = -1;
    this.input.setAttribute('aria-expanded', 'false');
    this.input.removeAttribute('aria-activedescendant');
  }

  point(index) {
    const rows = [...this.list.querySelectorAll('.pick__opt')];
    if (!rows.length) return;
    this.active = (index + rows.length) % rows.length;
    rows.forEach((row, i) => {
      row.classList.toggle('is-on', i === this.active);
      row.setAttribute('aria-selected', String(i === this.active));
    });
    rows[this.active].scrollIntoView({ block: 'nearest' });
    this.input.setAttribute('aria-activedescendant', rows[this.active].id);
  }

  key(event) {
    if (event.isComposing) return;
    const open = !this.list.hidden;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!open) this.schedule(0);
      else this.point(event.key === 'ArrowDown' ? this.active + 1 : (this.active < 0 ? -1 : this.active - 1));
    } else if (event.key === 'Enter') {
      if (open && this.active >= 0) { event.preventDefault(); this.add(this.items[this.active]); }
      else if (open || this.input.value) event.preventDefault();
    } else if (event.key === 'Escape' && open) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === 'Backspace' && !this.input.value) {
      this.remove([...this.root.querySelectorAll('[data-tag]')].at(-1));
    } else if (event.key === 'Tab') {
      this.close();
    }
  }

  clicked(event) {
    const row = event.target.closest('.pick__opt');
    if (row) this.add(this.items[Number(row.dataset.index)]);
  }

  add(item) {
    if (this.root.dataset.multiple !== 'true') this.root.querySelectorAll('[data-tag]').forEach((tag) => tag.remove());
    const tag = Object.assign(document.createElement('span'), { className: 'tag' });
    tag.dataset.tag = '';
    const hidden = Object.assign(document.createElement('input'), { type: 'hidden', name: this.root.dataset.name, value: this.valueOf(item) });
    const remove = Object.assign(document.createElement('button'), { type: 'button' });
    remove.dataset.remove = '';
    remove.setAttribute('aria-label', text('remove', { name: item.label }));
    remove.append(icon(CROSS, 15));
    tag.append(item.label, hidden, remove);
    this.input.before(tag);
    this.input.value = '';
    this.close();
    this.changed(text('added', { name: item.label }));
  }

  remove(tag) {
    if (!tag) return;
    const name = tag.firstChild.textContent.trim();
    tag.remove();
    this.input.focus();
    this.changed(text('removed', { name }));
  }

  changed(sentence) {
    say(sentence, { about: this.input.id });
    this.root.dispatchEvent(new CustomEvent('combobox:change', { bubbles: true, detail: { name: this.root.dataset.name, values: this.values } }));
  }
}

/** Bring the pickers below `scope` to life. Call it after putting new markup on the page. */
export function startComboboxes(scope = document) {
  scope.querySelectorAll('[data-combobox]:not([data-started])').forEach((root) => {
    root.dataset.started = '1';
    new Combobox(root);
  });
}
startComboboxes();

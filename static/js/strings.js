/* Words of the scripts. They come with the page, already translated, in <script type="application/json" id="ui-strings">. */
const block = document.getElementById('ui-strings');
const strings = block ? JSON.parse(block.textContent) : {};

/** The text called `key`, with every {name} replaced from `values`. An unknown key is returned as it is. */
export function text(key, values = {}) {
  return Object.entries(values).reduce((out, [name, value]) => out.replaceAll(`{${name}}`, String(value)), strings[key] ?? key);
}

/* What every page needs. Runs under script-src 'self'; each part works without the others. */
import './say.js';
import './times.js';
import './menus.js';
import './forms.js';
import './drafts.js';
import './tabs.js';
import './combobox.js';
import { text } from './strings.js';

/* The second skip link names how many notices there are, also after live changes. */
const stack = document.getElementById('notices');
const skip = document.querySelector('[data-skip-notices]');
if (stack && skip) {
  const count = () => {
    const notices = stack.querySelectorAll('.notice').length;
    skip.hidden = notices === 0;
    skip.textContent = text('skip_notices', { count: notices });
  };
  count();
  new MutationObserver(count).observe(stack, { childList: true });
}

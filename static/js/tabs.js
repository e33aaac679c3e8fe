/* role=tablist: arrow keys, Home and End move; the chosen tab's panel is shown, the others are hidden. */
function choose(tab, focus) {
  const tabs = [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];
  const mine = tab.getAttribute('aria-controls');
  for (const other of tabs) {
    const on = other === tab;
    other.setAttribute('aria-selected', String(on));
    other.tabIndex = on ? 0 : -1;
    const panel = document.getElementById(other.getAttribute('aria-controls'));
    if (panel && panel.id !== mine) panel.hidden = true;
  }
  const panel = document.getElementById(mine);
  if (panel) {
    panel.hidden = false;
    panel.setAttribute('aria-labelledby', tab.id);
  }
  if (focus) tab.focus();
  tab.dispatchEvent(new CustomEvent('tab:chosen', { bubbles: true }));
}

document.addEventListener('click', (event) => {
  const tab = event.target.closest('[role="tablist"] [role="tab"]');
  if (tab) choose(tab, false);
});

document.addEventListener('keydown', (event) => {
  const tab = event.target.closest?.('[role="tablist"] [role="tab"]');
  if (!tab) return;
  const tabs = [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')];
  const step = document.documentElement.dir === 'rtl' ? -1 : 1;
  const here = tabs.indexOf(tab);
  const next = { ArrowRight: here + step, ArrowLeft: here - step, Home: 0, End: tabs.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  choose(tabs[(next + tabs.length) % tabs.length], true);
});

/* Runs before the first paint, so a page in automatic theme never flashes in the wrong one. */
(() => {
  const root = document.documentElement;
  if (root.dataset.bsTheme !== 'auto') return;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => { root.dataset.bsTheme = system.matches ? 'dark' : 'light'; };
  apply();
  system.addEventListener('change', apply);
})();

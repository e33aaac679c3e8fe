/* What the page tells the server of the notices on it: each receipt once, and again later where it failed. */
import { request } from '/static/js/net.js';

const KEEP = 500;
const isPassing = (error) => !error.code && (!error.status || error.status === 429 || error.status >= 500);

/** Over the socket when it is there, else by HTTP; an error comes back as {error, message, passing}: whether it may be
    gone when it is tried again. */
export async function send(body) {
  try {
    if (window.helpdesk?.live) return await window.helpdesk.live.send('receipt', body);
    return await request('POST', '/api/v1/me/receipts', { body });
  } catch (error) {
    return { error: 'failed', message: error.message, passing: isPassing(error) };
  }
}

/** Delivered and seen. `drawn()` gives the nodes that stand for notices, `find(id)` the notice on the board. `watch`
    looks for new nodes, `tell(notice, what)` writes one receipt, `tellAgain` those that failed both ways. */
export function watchReceipts(drawn, find) {
  const told = new Set(JSON.parse(sessionStorage.getItem('notices-told') ?? '[]'));
  const failed = new Map();
  const timers = new Map();
  const keep = () => sessionStorage.setItem('notices-told', JSON.stringify([...told].slice(-KEEP)));

  async function tell(b, what) {
    const key = `${document.documentElement.dataset.viewer}:${what}:${b.id}`;
    if (told.has(key) || document.hidden) return;
    told.add(key);
    keep();
    const answer = await send({ id: b.id, version: b.version, what });
    if (!answer?.passing) return;
    told.delete(key);
    keep();
    failed.set(key, [b.id, what]);
  }

  function tellAgain() {
    const again = [...failed.values()];
    failed.clear();
    again.forEach(([id, what]) => { const b = find(id); if (b) tell(b, what); });
  }

  const observer = new IntersectionObserver((entries) => entries.forEach(({ target, intersectionRatio }) => {
    const b = find(Number(target.dataset.id));
    clearTimeout(timers.get(target));
    if (b && intersectionRatio >= 0.5) timers.set(target, setTimeout(() => tell(b, 'seen'), 1000));
  }), { threshold: [0, 0.5] });

  function watch() {
    drawn().forEach((node) => {
      const b = find(Number(node.dataset.id));
      if (b && node.dataset.surface !== 'ending') { tell(b, 'delivered'); observer.observe(node); }
    });
  }
  return { tell, tellAgain, watch };
}

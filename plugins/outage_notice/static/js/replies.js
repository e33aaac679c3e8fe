/* Whoever opens a ticket with a reply about an outage has seen it, as if its notice had been on screen, and also when it
   is over. The page says of which outages its replies tell; of one that arrives while the page is open, the line that
   names its address, where to follow the outage, is visible for a second. */
const NOTICE = /\/notices\/([1-9]\d{0,14})\b/;
const about = (line) => Number(NOTICE.exec(line.textContent)?.[1] ?? 0);

/* `find(id)` gives the notice on this person's board, `tell(notice, what)` writes a receipt once. Returns a function
   that looks for replies which have come since. */
export function watchReplies(find, tell) {
  const timers = new Map();
  const observer = new IntersectionObserver((entries) => entries.forEach(({ target, intersectionRatio }) => {
    clearTimeout(timers.get(target));
    if (intersectionRatio < 0.5) return;
    timers.set(target, setTimeout(() => {
      const notice = find(about(target));
      if (!notice) return;
      tell(notice, 'delivered');
      tell(notice, 'seen');
    }, 1000));
  }), { threshold: [0, 0.5] });
  const opened = [...document.querySelectorAll('[data-told-of]')].map((mark) => Number(mark.dataset.toldOf));
  const read = () => opened.forEach((id) => {
    const notice = find(id) ?? { id, version: 0 };
    tell(notice, 'delivered');
    tell(notice, 'seen');
  });
  const look = () => {
    document.querySelectorAll('.msg .msg__b p').forEach((line) => { if (about(line)) observer.observe(line); });
    if (opened.length && !document.hidden) setTimeout(read, 1000);
  };
  look();
  return look;
}

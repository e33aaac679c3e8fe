/* Whoever reads in a ticket what a reply says of an outage has seen it, as if its notice had been on screen: the line of
   the reply that names its address, where to follow the outage, is visible for a second. */
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
  const look = () => document.querySelectorAll('.msg .msg__b p').forEach((line) => { if (about(line)) observer.observe(line); });
  look();
  return look;
}

/* Who else has this announcement open, and who of them is writing an update. */
const IDLE = 20000;    // without a key for this long nobody is writing
const AGAIN = 60000;   // so that a server that was restarted knows it too

export function startPresence(strings) {
  const place = document.querySelector('[data-presence]');
  if (!place) return;
  const page = `announcement:${place.dataset.presence}`;
  const text = document.querySelector('#update textarea');
  const me = Number(document.documentElement.dataset.viewer);
  let writing = false;
  let idle = 0;

  const tell = () => window.helpdesk?.live?.send('watch', { page, writing }).catch(() => { /* told again on return */ });

  function setWriting(value) {
    clearTimeout(idle);
    if (value) idle = setTimeout(setWriting, IDLE, false);
    if (value === writing) return;
    writing = value;
    tell();
  }

  text?.addEventListener('input', () => setWriting(text.value.trim() !== ''));
  text?.form.addEventListener('submit', () => setWriting(false));
  window.addEventListener('pagehide', () => { if (writing) setWriting(false); });
  window.addEventListener('helpdesk:connection', ({ detail }) => { if (detail.state === 'live') tell(); });
  setInterval(tell, AGAIN);
  tell();

  window.addEventListener('helpdesk:presence', ({ detail }) => {
    if (detail.page !== page) return;
    const others = detail.people.filter((person) => person.id !== me);
    const busy = others.filter((person) => person.writing);
    const names = (busy.length ? busy : others).map((person) => person.name).join(', ');
    place.textContent = !names ? '' : busy.length ? strings.writing.replace('{name}', names) : strings.here.replace('{names}', names);
  });
}

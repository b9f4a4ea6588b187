// On a phone the panel is a sheet at the bottom: a bar that opens, by a tap, a swipe or a key.

const NARROW = window.matchMedia('(max-width: 719px)');
const SWIPE_PX = 24;

export function setUpSheet(panel, handle, changed) {
  let from = null;
  let swiped = false;
  const set = (open) => {
    panel.classList.toggle('open', open);
    handle.setAttribute('aria-expanded', String(open));
    changed();
  };
  handle.addEventListener('click', () => {
    // Where a click follows a swipe, the swipe has done it already.
    if (!swiped) set(!panel.classList.contains('open'));
    swiped = false;
  });
  handle.addEventListener('pointerdown', (event) => {
    from = event.clientY;
    swiped = false;
    handle.setPointerCapture(event.pointerId);
  });
  handle.addEventListener('pointerup', (event) => {
    const travelled = from === null ? 0 : event.clientY - from;
    from = null;
    if (Math.abs(travelled) < SWIPE_PX) return;
    swiped = true;
    set(travelled < 0);
  });
  NARROW.addEventListener('change', changed);
  window.addEventListener('resize', changed);
  return {
    get isSheet() {
      return NARROW.matches;
    },
    get isOpen() {
      return NARROW.matches && panel.classList.contains('open');
    },
    get height() {
      return panel.getBoundingClientRect().height;
    },
    close() {
      set(false);
      handle.focus();
    },
  };
}

// The list of layers as a radio group that keeps only the rows in sight, so 5,000 are as quick as 5.

const ROW_PX = 56;
const SPARE_ROWS = 6;
const SELECT_DELAY_MS = 180;

export class LayerList {
  /** `choose(identifier)` is called when the reader picks a layer. */
  constructor(element, texts, choose) {
    this.element = element;
    this.texts = texts;
    this.choose = choose;
    this.layers = [];
    this.shown = [];
    this.selected = '';
    this.timer = 0;
    this.space = element.appendChild(document.createElement('div'));
    this.space.className = 'space';
    this.space.setAttribute('role', 'presentation');
    element.addEventListener('scroll', () => this.draw(), {passive: true});
    element.addEventListener('keydown', (event) => this.key(event));
    element.addEventListener('click', (event) => {
      const row = event.target.closest('[role=radio]');
      if (row) this.pick(Number(row.dataset.index), {now: true});
    });
    new ResizeObserver(() => this.reveal()).observe(element);
  }

  set(layers) {
    this.layers = layers;
    this.filter('');
  }

  /** Keep the layers whose identifier or title, in any language, has all the words. */
  filter(words) {
    const wanted = plain(words).split(/\s+/).filter(Boolean);
    this.shown = this.layers.filter((layer) => {
      layer.plain ??= plain(`${layer.id} ${this.texts.all(layer.title)}`);
      return wanted.every((word) => layer.plain.includes(word));
    });
    this.element.scrollTop = 0;
    this.draw();
    return this.shown.length;
  }

  mark(identifier) {
    this.selected = identifier;
    this.reveal();
  }

  /** Scroll just so far that the selected row can be seen. */
  reveal() {
    const index = this.index();
    const top = index * ROW_PX;
    const {scrollTop, clientHeight} = this.element;
    if (index >= 0 && (top < scrollTop || top + ROW_PX > scrollTop + clientHeight)) {
      this.space.style.height = `${this.shown.length * ROW_PX}px`;
      this.element.scrollTop = Math.max(0, top - clientHeight / 2 + ROW_PX / 2);
    }
    this.draw();
  }

  index() {
    return this.shown.findIndex((layer) => layer.id === this.selected);
  }

  key(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_PX) - 1);
    const steps = {
      ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: page, PageUp: -page,
    };
    const last = this.shown.length - 1;
    const from = Math.max(0, Number(document.activeElement?.dataset?.index ?? this.index()));
    let to;
    if (event.key in steps) to = from + steps[event.key];
    else if (event.key === 'Home') to = 0;
    else if (event.key === 'End') to = last;
    else if (event.key === ' ' || event.key === 'Enter') to = from;
    else return;
    event.preventDefault();
    if (last < 0) return;
    if (Math.abs(steps[event.key]) === 1) to = (to + last + 1) % (last + 1);
    this.pick(Math.min(last, Math.max(0, to)), {focus: true});
  }

  /** Select a row; while an arrow key is held down, only the last one is loaded. */
  pick(index, {focus = false, now = false} = {}) {
    const layer = this.shown[index];
    this.mark(layer.id);
    if (focus) this.element.querySelector(`[data-index="${index}"]`)?.focus();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.choose(layer.id), now ? 0 : SELECT_DELAY_MS);
  }

  draw() {
    const {scrollTop, clientHeight} = this.element;
    const count = this.shown.length;
    const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE_ROWS);
    const end = Math.min(count, Math.ceil((scrollTop + clientHeight) / ROW_PX) + SPARE_ROWS);
    const wanted = new Set();
    for (let index = first; index < end; index += 1) wanted.add(index);
    const selected = this.index();
    // The row with the focus stays, wherever the list is scrolled to.
    if (count) wanted.add(Math.max(0, selected));
    this.space.style.height = `${count * ROW_PX}px`;
    const language = this.texts.language;
    const kept = new Map();
    for (const row of [...this.space.children]) {
      const index = Number(row.dataset.index);
      const fits = wanted.has(index) && this.shown[index].id === row.dataset.id;
      if (fits && row.lang === language) kept.set(index, row);
      else row.remove();
    }
    let before = this.space.firstElementChild;
    for (const index of [...wanted].sort((a, b) => a - b)) {
      let row = kept.get(index);
      if (row) {
        before = row.nextElementSibling;
      } else {
        row = this.row(index);
        this.space.insertBefore(row, before);
      }
      const checked = index === selected;
      row.setAttribute('aria-checked', String(checked));
      row.tabIndex = checked || (selected < 0 && index === 0) ? 0 : -1;
    }
  }

  row(index) {
    const layer = this.shown[index];
    const row = document.createElement('div');
    row.setAttribute('role', 'radio');
    row.setAttribute('aria-setsize', String(this.shown.length));
    row.setAttribute('aria-posinset', String(index + 1));
    row.dataset.index = String(index);
    row.dataset.id = layer.id;
    row.lang = this.texts.language;
    row.style.top = `${index * ROW_PX}px`;
    row.style.height = `${ROW_PX}px`;
    const words = document.createElement('span');
    words.className = 'words';
    const title = words.appendChild(document.createElement('span'));
    title.className = 'row-title';
    title.textContent = this.texts.best(layer.title) || layer.id;
    const name = words.appendChild(document.createElement('span'));
    name.className = 'row-id';
    name.textContent = layer.id;
    row.append(locator(layer.bounds), words);
    row.title = title.textContent;
    return row;
  }
}

/** A world the size of a stamp with the layer's extent on it; in two pieces across 180°. */
function locator([left, bottom, right, top]) {
  const world = document.createElement('span');
  world.className = 'locator';
  world.setAttribute('aria-hidden', 'true');
  const pieces = left <= right ? [[left, right]] : [[left, 180], [-180, right]];
  for (const [from, to] of pieces) {
    const piece = world.appendChild(document.createElement('span'));
    piece.style.left = `${((from + 180) / 360) * 100}%`;
    piece.style.width = `${((to - from) / 360) * 100}%`;
    piece.style.top = `${((90 - top) / 180) * 100}%`;
    piece.style.height = `${((top - bottom) / 180) * 100}%`;
  }
  return world;
}

function plain(text) {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

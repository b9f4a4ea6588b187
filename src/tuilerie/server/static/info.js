// What is at a place: asked of the server for the layer in sight, told in a card beside the map.

import {infoAddress} from './addresses.js';
import {reason} from './reasons.js';

export class InfoCard {
  /** `where()` gives {shown, pixel} for a place, pixel null outside of the layer's tiles. */
  constructor(card, root, texts, where, mark) {
    this.card = card;
    this.root = root;
    this.texts = texts;
    this.where = where;
    this.mark = mark;
    this.told = null;
    this.asking = new AbortController();
    this.body = card.querySelector('#info-body');
    card.querySelector('#close-info').addEventListener('click', () => this.close());
  }

  get isOpen() {
    return !this.card.hidden;
  }

  /** Ask about a place; the focus stays where it is, and the answer is read out as a status. */
  async ask(coordinate) {
    this.asking.abort();
    this.asking = new AbortController();
    const {signal} = this.asking;
    const {shown, pixel} = this.where(coordinate);
    if (!shown.layer.info) return;
    this.mark(coordinate);
    let told = {shown, features: []};
    if (pixel) {
      try {
        const answer = await fetch(infoAddress(this.root, shown, pixel), {signal});
        if (!answer.ok) throw answer;
        told = {shown, ...(await answer.json())};
      } catch (error) {
        if (signal.aborted) return;
        told = {shown, why: await reason(error, this.texts)};
      }
    }
    if (signal.aborted) return;
    this.told = told;
    this.show();
  }

  /** Write the answer in the reader's language. */
  show() {
    if (!this.told) return;
    const {shown, features, why} = this.told;
    this.card.hidden = false;
    this.card.querySelector('#info-layer').textContent = this.texts.best(shown.layer.title) || shown.layer.id;
    if (why) this.body.replaceChildren(paragraph(this.texts.t('error_info', {why})));
    else if (!features.length) this.body.replaceChildren(paragraph(this.texts.t('info_nothing')));
    else this.body.replaceChildren(...features.map((feature) => this.list(feature, shown.layer.info)));
    document.body.dataset.info = why ? 'error' : String(features.length);
  }

  list({properties}, {attributes}) {
    const list = document.createElement('dl');
    for (const {name, title, unit} of attributes) {
      const value = properties[name];
      list.appendChild(document.createElement('dt')).textContent = this.texts.best(title) || name;
      const cell = list.appendChild(document.createElement('dd'));
      if (/^#[0-9a-f]{6}/.test(value)) cell.appendChild(swatch(value));
      cell.append(value === null || value === undefined ? this.texts.t('info_no_value') : this.word(value, unit));
    }
    return list;
  }

  word(value, unit) {
    const text = typeof value === 'number'
      ? new Intl.NumberFormat(this.texts.language, {maximumSignificantDigits: 12}).format(value)
      : value;
    return unit ? `${text} ${unit}` : text;
  }

  close() {
    this.asking.abort();
    this.told = null;
    this.card.hidden = true;
    delete document.body.dataset.info;
    this.mark(undefined);
  }
}

function paragraph(text) {
  const element = document.createElement('p');
  element.textContent = text;
  return element;
}

function swatch(colour) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', 'swatch');
  svg.setAttribute('viewBox', '0 0 1 1');
  svg.setAttribute('aria-hidden', 'true');
  const square = svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'rect'));
  for (const [name, value] of [['width', 1], ['height', 1], ['fill', colour]]) square.setAttribute(name, value);
  return svg;
}

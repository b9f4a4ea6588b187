// Every word of the page in the reader's language, and the catalogue's own texts in the best one.

export class Texts {
  constructor(settings) {
    this.table = settings.texts;
    this.language = remembered() || settings.language;
    this.accepted = settings.languages;
  }

  /** A text of the page, with {names} replaced. */
  t(key, values = {}) {
    const text = this.table[key][this.language];
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  }

  /** The best variant of a text of the catalogue: a string, or one string per language. */
  best(text) {
    if (typeof text === 'string') return text;
    for (const wanted of [this.language, ...this.accepted]) {
      for (const [tag, variant] of Object.entries(text)) {
        if (primary(tag) === primary(wanted)) return variant;
      }
    }
    return Object.values(text)[0] || '';
  }

  /** Every variant of a text, for searching. */
  all(text) {
    return typeof text === 'string' ? text : Object.values(text).join(' ');
  }

  number(value, digits = 0) {
    const options = {minimumFractionDigits: digits, maximumFractionDigits: digits};
    return new Intl.NumberFormat(this.language, options).format(value);
  }

  use(language) {
    this.language = language;
    try {
      localStorage.setItem('tuilerie.language', language);
    } catch {
      // Storage may be forbidden; the choice then lasts as long as the page.
    }
  }

  /** Put the language into every element that names its text. */
  apply() {
    document.documentElement.lang = this.language;
    for (const element of document.querySelectorAll('[data-text]')) {
      element.textContent = this.t(element.dataset.text);
    }
    for (const element of document.querySelectorAll('[data-label]')) {
      element.setAttribute('aria-label', this.t(element.dataset.label));
      if (element.tagName === 'BUTTON') element.title = this.t(element.dataset.label);
    }
    for (const element of document.querySelectorAll('[data-placeholder]')) {
      element.placeholder = this.t(element.dataset.placeholder);
    }
    for (const button of document.querySelectorAll('[data-language]')) {
      button.setAttribute('aria-pressed', String(button.dataset.language === this.language));
    }
  }
}

function primary(tag) {
  return tag.toLowerCase().split('-')[0];
}

function remembered() {
  try {
    const language = localStorage.getItem('tuilerie.language');
    return language === 'en' || language === 'fr' ? language : '';
  } catch {
    return '';
  }
}

// The values of a layer's dimensions: a slider where they have an order, a list where they have none.

export class DimensionFields {
  /** `changed()` is called when the reader has chosen. */
  constructor(place, texts, changed) {
    this.place = place;
    this.texts = texts;
    this.changed = changed;
    this.values = {};
  }

  /** Take a layer, with the values that are wanted where it has them, its defaults elsewhere. */
  set(dimensions, wanted = {}) {
    this.dimensions = dimensions;
    this.values = Object.fromEntries(dimensions.map(({id, values, default: usual}) => {
      const value = values.includes(wanted[id]) ? wanted[id] : usual ?? values.at(-1);
      return [id, value];
    }));
  }

  /** Write the fields in the reader's language. */
  draw() {
    this.place.replaceChildren(...this.dimensions.map((dimension) => this.field(dimension)));
  }

  field(dimension) {
    const label = document.createElement('label');
    label.className = 'wide';
    const title = label.appendChild(document.createElement('span'));
    const ordered = dimension.kind === 'time' || dimension.kind === 'elevation';
    const name = this.texts.best(dimension.title) || dimension.id;
    const input = label.appendChild(ordered ? this.slider(dimension) : this.list(dimension));
    input.dataset.dimension = dimension.id;
    input.disabled = dimension.values.length < 2;
    const tell = () => {
      const value = this.values[dimension.id];
      title.textContent = ordered ? `${name}: ${value}${dimension.unit && ` ${dimension.unit}`}` : name;
      if (ordered) input.setAttribute('aria-valuetext', value);
    };
    input.addEventListener('input', () => {
      this.values[dimension.id] = ordered ? dimension.values[input.valueAsNumber] : input.value;
      tell();
    });
    input.addEventListener('change', () => this.changed());
    tell();
    if (ordered) label.classList.add('range');
    return label;
  }

  slider({id, values}) {
    const input = document.createElement('input');
    Object.assign(input, {type: 'range', min: 0, max: values.length - 1, step: 1});
    input.value = values.indexOf(this.values[id]);
    return input;
  }

  list({id, values}) {
    const select = document.createElement('select');
    select.replaceChildren(...values.map((value) => new Option(value, value)));
    select.value = this.values[id];
    return select;
  }
}

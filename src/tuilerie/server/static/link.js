// The view in the address bar: #layer=…&set=…&style=…&format=…&dim_time=…&matrix=…&x=…&y=…

/** Before the name of a dimension, which may be any other word of a link too. */
const DIMENSION = 'dim_';

export function readLink() {
  const values = new URLSearchParams(window.location.hash.slice(1));
  const link = Object.fromEntries(['layer', 'set', 'style', 'format', 'matrix'].map(
    (name) => [name, values.get(name) ?? ''],
  ));
  const [x, y] = ['x', 'y'].map((name) => Number.parseFloat(values.get(name) ?? ''));
  const named = [...values].filter(([name]) => name.startsWith(DIMENSION));
  const chosen = Object.fromEntries(named.map(([name, value]) => [name.slice(DIMENSION.length), value]));
  return {...link, values: chosen, center: Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null};
}

export function writeLink({layer, set, style, format, values: chosen}, matrix, [x, y], digits) {
  const values = new URLSearchParams({
    layer: layer.id, set: set.id, style: style.id, format: format.extension,
    ...Object.fromEntries(Object.entries(chosen).map(([id, value]) => [DIMENSION + id, value])),
    matrix: matrix.id,
    x: x.toFixed(digits), y: y.toFixed(digits),
  });
  window.history.replaceState(null, '', `#${values}`);
}

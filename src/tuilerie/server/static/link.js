// The view in the address bar: #layer=…&set=…&style=…&format=…&matrix=…&x=…&y=…

export function readLink() {
  const values = new URLSearchParams(window.location.hash.slice(1));
  const link = Object.fromEntries(['layer', 'set', 'style', 'format', 'matrix'].map(
    (name) => [name, values.get(name) ?? ''],
  ));
  const [x, y] = ['x', 'y'].map((name) => Number.parseFloat(values.get(name) ?? ''));
  return {...link, center: Number.isFinite(x) && Number.isFinite(y) ? [x, y] : null};
}

export function writeLink({layer, set, style, format}, matrix, [x, y], digits) {
  const values = new URLSearchParams({
    layer: layer.id, set: set.id, style: style.id, format: format.extension, matrix: matrix.id,
    x: x.toFixed(digits), y: y.toFixed(digits),
  });
  window.history.replaceState(null, '', `#${values}`);
}

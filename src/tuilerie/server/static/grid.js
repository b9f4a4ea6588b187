// Matrix sets and their CRS as OpenLayers wants them; nothing here knows the page.

/* global ol, proj4 */

const WEB_MERCATOR = new Set(['EPSG:3857', 'EPSG:900913']);
const DEGREES = new Set(['EPSG:4326', 'OGC:CRS84', 'CRS:84']);

/** The projection of a CRS; one that proj4 cannot compute still shows tiles, without degrees. */
export function projectionOf(crs) {
  const code = crs.code || crs.name;
  if (WEB_MERCATOR.has(crs.code)) return ol.proj.get('EPSG:3857');
  if (DEGREES.has(crs.code)) return ol.proj.get('EPSG:4326');
  if (crs.proj4) {
    try {
      proj4.defs(code, crs.proj4);
      ol.proj.proj4.register(proj4);
      const projection = ol.proj.get(code);
      if (projection) return projection;
    } catch {
      // A definition that proj4 does not know: see below.
    }
  }
  return new ol.proj.Projection({
    code,
    units: crs.geographic ? 'degrees' : 'm',
    metersPerUnit: crs.metres_per_unit,
  });
}

/** Longitude and latitude of a place, null where there is none. */
export function degreesOf(coordinate, projection) {
  try {
    const [x, y] = ol.proj.toLonLat(coordinate, projection);
    return Number.isFinite(x) && Number.isFinite(y) && Math.abs(y) <= 90 ? [x, y] : null;
  } catch {
    return null;
  }
}

/** A place of one projection in another, null where there is none. */
export function carry(coordinate, from, to) {
  if (from === to) return coordinate;
  try {
    const carried = ol.proj.transform(coordinate, from, to);
    return carried.every(Number.isFinite) ? carried : null;
  } catch {
    return null;
  }
}

/**
 * The tile grid of a matrix set. On fine screens (`ratio` 2) a tile is drawn at half its size, so
 * that its pixels are the screen's.
 */
export function tileGridOf(set, ratio) {
  return new ol.tilegrid.TileGrid({
    origins: set.matrices.map((matrix) => matrix.origin),
    resolutions: set.matrices.map((matrix) => matrix.cell * ratio),
    tileSizes: set.matrices.map((matrix) => matrix.tile.map((side) => side / ratio)),
    sizes: set.matrices.map((matrix) => matrix.size),
  });
}

export function screenRatio(set) {
  const even = set.matrices.every((matrix) => matrix.tile.every((side) => side % 2 === 0));
  return even && window.devicePixelRatio > 1.4 ? 2 : 1;
}

/** Whether the world may be repeated: only where whole tiles go round it in every matrix. */
export function goesRound(set, projection) {
  if (!projection.isGlobal()) return false;
  const [left, , right] = projection.getExtent();
  const world = right - left;
  return set.matrices.every((matrix) => {
    const tiles = world / (matrix.cell * matrix.tile[0]);
    const whole = Math.abs(tiles - Math.round(tiles)) < 1e-6 && tiles > 0.5;
    return whole && Math.abs(matrix.origin[0] - left) < 1e-6 * world;
  });
}

/** The layer's rectangle in the set's CRS; one piece across 180° where the world is repeated. */
export function extentOf(layer, set, projection) {
  const [left, , right] = layer.bounds;
  if (left <= right || !goesRound(set, projection)) return set.extent;
  const [from, , to] = projection.getExtent();
  const unit = (to - from) / 360;
  return [left * unit, set.extent[1], (right + 360) * unit, set.extent[3]];
}

/** Cell sizes the map may stand at: the set's own, one coarser and two finer. */
export function viewCellSizes(set) {
  const own = set.matrices.map((matrix) => matrix.cell);
  const coarsest = own[0];
  const finest = own[own.length - 1];
  const [width, height] = [0, 1].map((i) => set.matrices[0].size[i] * set.matrices[0].tile[i]);
  const coarser = Math.max(width, height) > 256 ? [coarsest * 2] : [];
  const finer = own.length < 20 ? [finest / 2, finest / 4] : [];
  return [...coarser, ...own, ...finer];
}

/** The matrix nearest to a cell size, by ratio. */
export function nearestMatrix(set, cell) {
  let best = set.matrices[0];
  const distance = (matrix) => Math.abs(Math.log(matrix.cell / cell));
  for (const matrix of set.matrices) if (distance(matrix) < distance(best)) best = matrix;
  return best;
}

/** Column and row of a matrix at a place, kept within the layer's limits. */
export function tileAt(matrix, [x, y]) {
  const [minCol, maxCol, minRow, maxRow] = matrix.limits;
  const col = Math.floor((x - matrix.origin[0]) / (matrix.cell * matrix.tile[0]));
  const row = Math.floor((matrix.origin[1] - y) / (matrix.cell * matrix.tile[1]));
  const within = (value, low, high) => Math.min(high, Math.max(low, value));
  return {col: within(col, minCol, maxCol), row: within(row, minRow, maxRow)};
}

/** The tile and the pixel in it at a place; null outside of the layer's tiles. */
export function pixelAt(matrix, [x, y]) {
  const across = Math.floor((x - matrix.origin[0]) / matrix.cell);
  const down = Math.floor((matrix.origin[1] - y) / matrix.cell);
  const [width, height] = matrix.tile;
  const [col, row] = [Math.floor(across / width), Math.floor(down / height)];
  const [minCol, maxCol, minRow, maxRow] = matrix.limits;
  if (!(col >= minCol && col <= maxCol && row >= minRow && row <= maxRow)) return null;
  return {matrix: matrix.id, row, col, j: down - row * height, i: across - col * width};
}

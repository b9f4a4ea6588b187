// One layer in one matrix set on an OpenLayers map: what is asked, drawn, and told about it.

/* global ol */

import {tileAddress} from './addresses.js';
import {
  carry, degreesOf, extentOf, goesRound, nearestMatrix, pixelAt, projectionOf, screenRatio,
  tileGridOf, viewCellSizes,
} from './grid.js';

export class LayerMap {
  /**
   * `padding()` gives the pixels that panels cover [top, right, bottom, left]; `told` has the
   * callbacks moved(), drawn(), pointed(coordinate or null), asked(coordinate), busy(boolean) and failed(address).
   */
  constructor(target, root, padding, told) {
    this.root = root;
    this.padding = padding;
    this.told = told;
    this.shown = null;
    this.edges = false;
    this.opacity = 1;
    this.map = new ol.Map({
      target,
      controls: [new ol.control.ScaleLine({target: 'scale-bar', minWidth: 72})],
      layers: [],
      view: new ol.View({center: [0, 0], resolution: 1}),
    });
    this.map.on('moveend', () => this.shown && told.moved());
    this.map.on('loadstart', () => told.busy(true));
    this.map.on('loadend', () => told.busy(false));
    this.map.on('rendercomplete', (event) => {
      // A frame of the layer before may be the one that is complete.
      const layers = event.frameState.layerStatesArray.map((state) => state.layer);
      if (this.shown && layers.includes(this.picture)) told.drawn();
    });
    this.map.on('pointermove', (event) => !event.dragging && told.pointed(event.coordinate));
    this.map.on('singleclick', (event) => this.shown && told.asked(event.coordinate));
    const mark = document.createElement('div');
    mark.className = 'mark';
    this.mark = new ol.Overlay({element: mark, positioning: 'center-center', stopEvent: false});
    this.map.addOverlay(this.mark);
    this.map.getViewport().addEventListener('pointerleave', () => told.pointed(null));
  }

  get view() {
    return this.map.getView();
  }

  get cell() {
    return this.view.getResolution();
  }

  get center() {
    return this.view.getCenter();
  }

  get projection() {
    return this.view.getProjection();
  }

  /** The matrix whose tiles are drawn now. */
  get matrix() {
    const grid = this.source.getTileGrid();
    return this.shown.set.matrices[grid.getZForResolution(this.cell, this.source.zDirection)];
  }

  /** The matrix that names the present scale, whatever the screen: the one for links. */
  get namedMatrix() {
    return nearestMatrix(this.shown.set, this.cell);
  }

  /** Show a layer; `place` ({center, matrix}) comes from a link and wins over where the map is. */
  show(shown, place) {
    const {layer, set} = shown;
    const before = this.shown;
    const beforeView = before && {
      projection: this.projection, center: this.center, cell: this.cell, unit: before.set.crs,
    };
    this.shown = shown;
    const projection = projectionOf(set.crs);
    this.source = this.makeSource(shown, projection);
    this.picture = new ol.layer.Tile({source: this.source, opacity: this.opacity});
    if (!before || before.set.id !== set.id || before.layer.id !== layer.id) {
      const cells = viewCellSizes(set);
      const view = new ol.View({
        projection,
        resolutions: cells,
        constrainResolution: true,
        center: [0, 0],
        resolution: cells[0],
        padding: this.padding(),
        showFullExtent: true,
        multiWorld: true,
      });
      this.map.setView(view);
      this.stand(beforeView, place);
    }
    this.map.setLayers([this.picture]);
    this.drawEdges();
  }

  /** Choose where to stand: the link, else where we were if the layer is there, else all of it. */
  stand(before, place) {
    if (place?.center) {
      const matrix = this.shown.set.matrices.find((one) => one.id === place.matrix);
      this.view.setCenter(place.center);
      this.view.setResolution(matrix ? matrix.cell : this.view.getResolutions()[0]);
      return;
    }
    const extent = extentOf(this.shown.layer, this.shown.set, this.projection);
    const center = before && carry(before.center, before.projection, this.projection);
    if (center && ol.extent.containsCoordinate(extent, center)) {
      const metres = before.cell * before.unit.metres_per_unit;
      const cell = metres / this.shown.set.crs.metres_per_unit;
      // Nearer than a whole view of the layer: the reader was looking at this very place.
      if (cell < ol.extent.getWidth(extent) / this.map.getSize()[0]) {
        const finest = this.shown.set.matrices.at(-1).cell;
        this.view.setCenter(center);
        this.view.setResolution(Math.max(cell, finest));
        return;
      }
    }
    this.zoomTo();
  }

  zoomTo({slowly = false} = {}) {
    this.view.padding = this.padding();
    const extent = extentOf(this.shown.layer, this.shown.set, this.projection);
    const calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.view.fit(extent, {duration: slowly && !calm ? 350 : 0, nearest: this.isWorld()});
  }

  /** A layer around the world may lose its poles for a fuller picture; no other loses its edges. */
  isWorld() {
    const [left, , right] = this.shown.layer.bounds;
    return right - left > 359 && this.source.getWrapX();
  }

  zoomBy(steps) {
    this.view.animate({zoom: this.view.getConstrainedZoom(this.view.getZoom() + steps), duration: 200});
  }

  makeSource(shown, projection) {
    const {set, layer} = shown;
    const ratio = screenRatio(set);
    const source = new ol.source.TileImage({
      projection,
      tileGrid: tileGridOf(set, ratio),
      tilePixelRatio: ratio,
      wrapX: goesRound(set, projection),
      interpolate: layer.kind !== 'palette',
      transition: 120,
      tileUrlFunction: ([z, col, row]) => {
        const matrix = set.matrices[z];
        const [minCol, maxCol, minRow, maxRow] = matrix.limits;
        if (col < minCol || col > maxCol || row < minRow || row > maxRow) return undefined;
        return tileAddress(this.root, shown, matrix.id, row, col);
      },
    });
    source.on('tileloaderror', (event) => {
      if (source === this.source) this.told.failed(event.tile.src_ ?? event.tile.key);
    });
    return source;
  }

  setOpacity(opacity) {
    this.opacity = opacity;
    this.map.getLayers().item(0)?.setOpacity(opacity);
  }

  setEdges(edges) {
    this.edges = edges;
    if (this.shown) this.drawEdges();
  }

  drawEdges() {
    const layers = this.map.getLayers();
    while (layers.getLength() > 1) layers.pop();
    if (!this.edges) return;
    const source = new ol.source.TileDebug({
      projection: this.projection,
      tileGrid: this.source.getTileGrid(),
      wrapX: this.source.getWrapX(),
      template: '/{y}/{x}',
    });
    layers.push(new ol.layer.Tile({source}));
  }

  degrees(coordinate) {
    return degreesOf(coordinate, this.projection);
  }

  /** The tile and pixel that show a place, null where the layer has no tiles. */
  pixel([x, y]) {
    let turned = x;
    if (this.source.getWrapX()) {
      const [left, , right] = this.projection.getExtent();
      turned = left + ((((x - left) % (right - left)) + (right - left)) % (right - left));
    }
    return pixelAt(this.matrix, [turned, y]);
  }

  /** Mark a place, or none. */
  setMark(coordinate) {
    this.mark.setPosition(coordinate);
  }

  /** The panels moved: keep the centre where the reader sees it. */
  resized() {
    this.map.updateSize();
    const center = this.center;
    this.view.padding = this.padding();
    this.view.setCenter(center);
  }
}

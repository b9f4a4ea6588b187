// What a reader copies: the addresses of the service for the layer in sight, and ready commands.

import {nearestMatrix, tileAt} from './grid.js';

/** One segment of a path: all that is not unreserved (RFC 3986) is escaped, as the server does. */
const segment = (text) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

/** A query string whose spaces no reader can take for plus signs. */
const query = (values) => String(new URLSearchParams(values)).replaceAll('+', '%20');

export function restAddress(base, {layer, style, set, format, values}, matrix, row, col) {
  const names = [layer.id, style.id, ...Object.values(values), set.id].map(segment).join('/');
  return `${base}/wmts/1.0.0/${names}/${matrix}/${row}/${col}.${format.extension}`;
}

export function tileAddress(base, shown, matrix, row, col) {
  return restAddress(base, shown, segment(matrix), row, col);
}

/** The address of what is at a pixel of a tile, by REST. */
export function infoAddress(base, {layer, style, set, values}, {matrix, row, col, j, i}) {
  const names = [layer.id, style.id, ...Object.values(values), set.id, matrix].map(segment).join('/');
  return `${base}/wmts/1.0.0/${names}/${row}/${col}/${j}/${i}.${layer.info.extension}`;
}

/** [key of the label, address] of everything that can be copied for what is shown. */
export function addressesOf(base, shown, view) {
  const {layer, style, set, format, values} = shown;
  const capabilities = `${base}/wmts/1.0.0/WMTSCapabilities.xml`;
  const matrix = nearestMatrix(set, view.cell);
  const {col, row} = tileAt(matrix, view.center);
  const kvp = query({
    SERVICE: 'WMTS', REQUEST: 'GetTile', VERSION: '1.0.0', LAYER: layer.id, STYLE: style.id,
    FORMAT: format.type, ...values, TILEMATRIXSET: set.id, TILEMATRIX: matrix.id, TILEROW: row, TILECOL: col,
  });
  const qgis = query({
    ...(Object.keys(values).length && {tileDimensions: tileDimensions(values)}),
    ...(set.crs.code && {crs: set.crs.code}), contextualWMSLegend: '0', dpiMode: '7', format: format.type,
    layers: layer.id, styles: style.id, tileMatrixSet: set.id, url: capabilities,
  });
  const python = (text) => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const gdal = `WMTS:${capabilities},layer=${layer.id},tilematrixset=${set.id},style=${style.id}`;
  return [
    ['address_view', window.location.href],
    ['address_capabilities', capabilities],
    ['address_rest', restAddress(base, shown, '{TileMatrix}', '{TileRow}', '{TileCol}')],
    ['address_kvp', `${base}/wmts?${kvp}`],
    ['address_qgis', `iface.addRasterLayer(${python(qgis)}, ${python(layer.id)}, 'wms')`],
    ['address_gdal', `gdalinfo ${shell(gdal)}`],
  ];
}

/** The values of dimensions as QGIS wants them in an address of its own: Time=…;Level=… */
function tileDimensions(values) {
  return Object.entries(values).map((pair) => pair.join('=')).join(';');
}

/** A word of a shell, quoted whatever it holds. */
function shell(text) {
  return /["$`\\!]/.test(text) ? `'${text.replace(/'/g, "'\\''")}'` : `"${text}"`;
}

/** The dialogue that shows them. */
export class AddressPanel {
  constructor(panel, opener, texts) {
    this.panel = panel;
    this.opener = opener;
    this.texts = texts;
    this.list = panel.querySelector('#address-list');
    this.copied = panel.querySelector('#copied');
    panel.querySelector('#close-addresses').addEventListener('click', () => this.close());
    opener.addEventListener('click', () => (panel.hidden ? this.open() : this.close()));
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  open() {
    this.panel.hidden = false;
    this.opener.setAttribute('aria-expanded', 'true');
    this.panel.querySelector('button').focus();
  }

  close() {
    if (!this.isOpen) return;
    this.panel.hidden = true;
    this.opener.setAttribute('aria-expanded', 'false');
    this.opener.focus();
  }

  show(addresses) {
    if (this.list.childElementCount !== addresses.length) {
      this.list.replaceChildren(...addresses.map(() => this.entry()));
    }
    addresses.forEach(([key, address], index) => {
      const entry = this.list.children[index];
      entry.querySelector('h3').textContent = this.texts.t(key);
      entry.querySelector('code').textContent = address;
      const button = entry.querySelector('button');
      if (!button.dataset.state) button.textContent = this.texts.t('copy');
      button.setAttribute('aria-label', `${this.texts.t('copy')}: ${this.texts.t(key)}`);
      entry.dataset.key = key;
    });
  }

  entry() {
    const entry = document.createElement('article');
    const title = entry.appendChild(document.createElement('h3'));
    title.textContent = '';
    const box = entry.appendChild(document.createElement('div'));
    const code = box.appendChild(document.createElement('code'));
    code.tabIndex = 0;
    const button = box.appendChild(document.createElement('button'));
    button.type = 'button';
    button.addEventListener('click', () => this.copy(code, button));
    return entry;
  }

  async copy(code, button) {
    const done = await toClipboard(code);
    button.dataset.state = done ? 'done' : 'failed';
    const words = this.texts.t(done ? 'copied' : 'copy_failed');
    button.textContent = done ? words : '!';
    this.copied.textContent = words;
    if (!done) button.title = words;
    setTimeout(() => {
      delete button.dataset.state;
      button.textContent = this.texts.t('copy');
      this.copied.textContent = '';
    }, 2000);
  }
}

/** Copy by the clipboard, or by the selection where the page came without encryption. */
async function toClipboard(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(code);
    return document.execCommand('copy');
  }
}

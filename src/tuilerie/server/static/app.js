// The page: what the reader chose, and who must hear of it.

import {AddressPanel, addressesOf} from './addresses.js';
import {DimensionFields} from './dimensions.js';
import {InfoCard} from './info.js';
import {LayerList} from './list.js';
import {showLegend} from './legend.js';
import {readLink, writeLink} from './link.js';
import {LayerMap} from './map.js';
import {reason} from './reasons.js';
import {setUpSheet} from './sheet.js';
import {Texts} from './texts.js';

const $ = (id) => document.getElementById(id);
const settings = JSON.parse($('settings').textContent);
const texts = new Texts(settings);
/** Where the page itself lives: tiles come from there, whatever name the addresses bear. */
const root = new URL('.', window.location.href).href.replace(/\/$/, '');

const chosen = {layer: null, set: null, style: null, format: null, values: {}};
let chosenSet = '';
let loading = new AbortController();
let sinceShown = 0;
let explained = false;

const list = new LayerList($('list'), texts, (id) => show(id));
const map = new LayerMap($('map'), root, covered, {
  moved, drawn, pointed: tellPlace, asked: (place) => info.ask(place), busy, failed,
});
const info = new InfoCard(
  $('info'), root, texts, (place) => ({shown: {...chosen}, pixel: map.pixel(place)}), (place) => map.setMark(place),
);
const addresses = new AddressPanel($('addresses'), $('open-addresses'), texts);
const fields = new DimensionFields($('dimensions'), texts, () => {
  chosen.values = {...fields.values};
  draw();
  moved();
});
const sheet = setUpSheet($('panel'), $('sheet'), () => map.resized());

async function start() {
  listen();
  texts.apply();
  let document_;
  try {
    document_ = await fetchJson('front/layers.json');
  } catch (error) {
    say('error_layers', {why: await reason(error, texts)});
    return;
  }
  list.set(document_.layers);
  tellCount();
  document.body.dataset.layers = String(list.layers.length);
  if (!list.layers.length) {
    say('empty');
    return;
  }
  await open(readLink());
}

/** Show what a link asks for, and the first layer where it asks for nothing known. */
async function open(link) {
  const known = list.layers.some((layer) => layer.id === link.layer);
  chosenSet = known ? link.set : '';
  await show(known ? link.layer : list.layers[0].id, known ? link : {});
  if (link.layer && !known) say('layer_unknown', {id: link.layer});
}

async function show(id, wanted = {}) {
  loading.abort();
  loading = new AbortController();
  const {signal} = loading;
  list.mark(id);
  let layer;
  try {
    layer = await fetchJson(`front/layer.json?id=${encodeURIComponent(id)}`, signal);
  } catch (error) {
    if (!signal.aborted) say('error_layer', {why: await reason(error, texts)});
    return;
  }
  const sets = layer.sets.filter((set) => set.matrices.length);
  chosen.layer = {...layer, sets};
  chosen.set = find(sets, 'id', wanted.set || chosenSet);
  chosen.style = find(layer.styles, 'id', wanted.style);
  chosen.format = find(layer.formats, 'extension', wanted.format);
  fields.set(layer.dimensions, wanted.values);
  chosen.values = {...fields.values};
  say('');
  fill();
  draw(wanted);
}

/** The map of what is chosen; `place` only from a link. */
function draw(place = {}) {
  if (!chosen.set) {
    map.map.setLayers([]);
    map.shown = null;
    info.close();
    $('ask').disabled = true;
    say('no_tiles');
    return;
  }
  explained = false;
  info.close();
  $('ask').disabled = !chosen.layer.info;
  delete document.body.dataset.drawn;
  sinceShown += 1;
  map.show({...chosen}, place);
}

function find(items, key, value) {
  return items.find((item) => item[key] === value) ?? items[0];
}

/** Write everything that is said of the layer, in the reader's language. */
function fill() {
  const {layer} = chosen;
  const service = texts.best(settings.service.title) || 'Tuilerie';
  $('title').textContent = service;
  $('layer').hidden = !layer;
  if (!layer) return;
  const title = texts.best(layer.title) || layer.id;
  document.title = `${title} – ${service}`;
  $('layer-title').textContent = title;
  $('sheet-title').textContent = title;
  $('layer-abstract').textContent = texts.best(layer.abstract);
  $('layer-extent').textContent = degreesText(layer.bounds);
  const attribution = texts.best(layer.attribution);
  $('layer-attribution').textContent = attribution || '–';
  $('credit').textContent = attribution;
  options($('set'), layer.sets, (set) => [set.id, `${set.id} — ${set.crs.code || set.crs.name}`], chosen.set?.id);
  options($('style'), layer.styles, (style) => [style.id, texts.best(style.title)], chosen.style?.id);
  showLegend($('legend'), chosen.style, root, texts);
  fields.draw();
  options($('format'), layer.formats, (format) => [format.extension, formatName(format)], chosen.format?.extension);
}

function formatName({extension, type}) {
  const names = {jpg: 'JPEG', png: 'PNG', webp: 'WebP', avif: 'AVIF', png8: texts.t('png8'), mixed: texts.t('mixed')};
  return names[extension] ?? type;
}

function options(select, items, pair, value) {
  select.replaceChildren(...items.map((item) => new Option(pair(item)[1], pair(item)[0])));
  select.value = value;
  select.disabled = items.length < 2;
}

function degreesText([left, bottom, right, top]) {
  const digits = right - left < 3 && right > left ? 2 : 0;
  const side = (value, [plus, minus]) =>
    `${texts.number(Math.abs(value), digits)}° ${value < 0 ? minus : plus}`;
  const [east, north] = texts.language === 'fr' ? ['EO', 'NS'] : ['EW', 'NS'];
  return `${side(left, east)} – ${side(right, east)}, ${side(bottom, north)} – ${side(top, north)}`;
}

function moved() {
  const digits = map.cell < 0.01 ? 6 : map.cell < 10 ? 2 : 0;
  writeLink(chosen, map.namedMatrix, map.center, digits);
  tellScale();
  tellPlace(null);
  tellAddresses();
}

/** Everything in sight is there. */
function drawn() {
  const {layer, set, style, format} = chosen;
  document.body.dataset.values = Object.values(chosen.values).join('/');
  document.body.dataset.drawn = [layer.id, style.id, set.id, format.extension].join('/');
}

function tellAddresses() {
  if (!map.shown) return;
  const view = {cell: map.cell, center: map.center};
  addresses.show(addressesOf(settings.base || root, chosen, view));
}

function tellScale() {
  if (!map.shown) return;
  const denominator = (map.cell * chosen.set.crs.metres_per_unit) / 0.00028;
  $('scale').textContent = `1 : ${texts.number(denominator)}`;
  $('matrix').textContent = texts.t('matrix', {id: map.matrix.id});
}

/** Coordinates under the pointer, or of the centre where there is no pointer. */
function tellPlace(coordinate) {
  if (!map.shown) return;
  const [x, y] = coordinate ?? map.center;
  const {crs} = chosen.set;
  const digits = Math.min(9, Math.max(0, Math.ceil(-Math.log10(map.cell))));
  const unit = crs.geographic ? '°' : ' m';
  const code = crs.code && ` ${crs.code}`;
  const sign = crs.geographic || crs.unit === 'metre' ? unit : '';
  $('xy').textContent = `${texts.number(x, digits)}${sign}  ${texts.number(y, digits)}${sign}${code}`;
  const place = map.degrees([x, y]);
  const fine = Math.min(7, Math.max(1, Math.ceil(-Math.log10((map.cell * crs.metres_per_unit) / 111320))));
  const side = (value, plus, minus) =>
    `${texts.number(Math.abs(value), fine)}° ${value < 0 ? minus : plus}`;
  const west = texts.language === 'fr' ? 'O' : 'W';
  $('degrees').textContent = place
    ? `${side(place[1], 'N', 'S')}  ${side(((((place[0] + 180) % 360) + 360) % 360) - 180, 'E', west)}`
    : '';
}

function tellCount(found = list.layers.length) {
  const count = list.layers.length;
  const words = {found: texts.number(found), count: texts.number(count)};
  const key = found < count ? 'layers_found' : count === 1 ? 'layers_one' : 'layers_count';
  $('count').textContent = found || !count ? texts.t(key, words) : texts.t('no_match');
}

function busy(isBusy) {
  document.body.classList.toggle('busy', isBusy);
}

/** Tiles failed: ask once what is the matter, and say it in words. */
async function failed(address) {
  document.body.dataset.tileErrors = String(Number(document.body.dataset.tileErrors ?? 0) + 1);
  if (explained) return;
  explained = true;
  const now = sinceShown;
  let why;
  try {
    const answer = await fetch(address);
    why = answer.ok ? texts.t('error_damaged') : await reason(answer, texts);
  } catch (error) {
    why = await reason(error, texts);
  }
  if (now === sinceShown) say('error_tile', {why});
}

function say(key, values) {
  $('message').hidden = !key;
  $('message').textContent = key ? texts.t(key, values) : '';
}

async function fetchJson(path, signal) {
  const answer = await fetch(`${root}/${path}`, {signal});
  if (!answer.ok) throw answer;
  return answer.json();
}

/** Pixels of the map under the panels: top, right, bottom, left. */
function covered() {
  const panel = $('panel').getBoundingClientRect();
  const margin = 24;
  if (sheet?.isSheet) return [margin, margin, Math.min(sheet.height, window.innerHeight * 0.6) + 48, margin];
  return [margin, 64, 56, panel.right + margin];
}

function listen() {
  $('search').addEventListener('input', () => tellCount(list.filter($('search').value)));
  $('search').addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      $('list').querySelector('[tabindex="0"]')?.focus();
    }
  });
  const change = (id, name, items, key) =>
    $(id).addEventListener('change', () => {
      chosen[name] = find(items(), key, $(id).value);
      if (name === 'set') chosenSet = chosen.set.id;
      if (name === 'style') showLegend($('legend'), chosen.style, root, texts);
      draw();
      moved();
    });
  change('set', 'set', () => chosen.layer.sets, 'id');
  change('style', 'style', () => chosen.layer.styles, 'id');
  change('format', 'format', () => chosen.layer.formats, 'extension');
  $('opacity').addEventListener('input', () => map.setOpacity(Number($('opacity').value) / 100));
  $('edges').addEventListener('change', () => map.setEdges($('edges').checked));
  $('zoom-to').addEventListener('click', () => map.shown && map.zoomTo({slowly: true}));
  $('zoom-in').addEventListener('click', () => map.shown && map.zoomBy(1));
  $('zoom-out').addEventListener('click', () => map.shown && map.zoomBy(-1));
  $('ask').addEventListener('click', () => map.shown && info.ask(map.center));
  $('map').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && event.target === $('map') && map.shown) info.ask(map.center);
  });
  for (const button of document.querySelectorAll('[data-language]')) {
    button.addEventListener('click', () => speak(button.dataset.language));
  }
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    if (addresses.isOpen) addresses.close();
    else if (info.isOpen) info.close();
    else if (sheet.isOpen) sheet.close();
    else if (document.activeElement === $('search')) tellCount(list.filter(($('search').value = '')));
  });
  window.addEventListener('hashchange', () => list.layers.length && open(readLink()));
}

function speak(language) {
  texts.use(language);
  texts.apply();
  tellCount(list.shown.length);
  list.draw();
  fill();
  info.show();
  if (map.shown) moved();
}

start();

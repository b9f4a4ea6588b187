// The legend of the style in sight: pictures of this server; a link where it is elsewhere.

/** Show the legends of a style in an element, which is hidden where there are none. */
export function showLegend(element, style, root, texts) {
  const legends = style ? inLanguage(style.legends, texts) : [];
  const name = style ? texts.t('legend', {style: texts.best(style.title)}) : '';
  element.replaceChildren(...legends.map((legend) => shown(legend, name, root)));
  element.hidden = !legends.length;
}

/** The legends that are for all readers, and those in the best language of the others. */
function inLanguage(legends, texts) {
  const tags = legends.map((legend) => legend.language).filter(Boolean);
  const best = texts.best(Object.fromEntries(tags.map((tag) => [tag, tag])));
  return legends.filter(({language}) => !language || language === best);
}

function shown({href, size}, name, root) {
  if (/^https?:/i.test(href)) {
    const link = document.createElement('a');
    Object.assign(link, {href, target: '_blank', rel: 'noopener noreferrer', textContent: name});
    return link;
  }
  const picture = document.createElement('img');
  Object.assign(picture, {src: `${root}/${href}`, alt: name});
  if (size) Object.assign(picture, {width: size[0], height: size[1]});
  return picture;
}

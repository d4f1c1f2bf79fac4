import { XMLParser } from 'fast-xml-parser';

const parser = new XMLParser({
  preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', parseAttributeValue: false, parseTagValue: false, trimValues: true,
});

/** A document as nested {name, attributes, children}, texts as children; without its XML declaration. */
export function parseXML(text) {
  const elements = (list) => list.map((node) => {
    if ('#text' in node) return node['#text'];
    const name = Object.keys(node).find((key) => key !== ':@');
    return { name, attributes: { ...node[':@'] }, children: elements(node[name]) };
  });
  return elements(parser.parse(text)).find((e) => e.name !== '?xml');
}

/** Every element of a parsed document, its root first. */
export function* walk(element) {
  yield element;
  for (const child of element.children) if (typeof child === 'object') yield* walk(child);
}

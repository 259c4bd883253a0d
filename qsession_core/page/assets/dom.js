// Descriptions of elements, and the smallest change that makes the document fit them: what is still described stays
// the same element, so focus, selection and scrolling survive every update.

const SVG = 'http://www.w3.org/2000/svg';
const PROPERTIES = new Set(['value', 'disabled', 'open']);
const kept = new WeakMap(), lives = new WeakMap(); // element -> [description, node] of its children; what time changes

// el.a.name({ href }, 'text') describes a link of the class "name". An attribute on... is a listener, key tells the
// elements of a list apart, and live is called with the element and the time, now and once a second.
export const el = new Proxy({}, { get: (_, tag) => maker(tag) });
const maker = (tag, look) => new Proxy((...args) => describe(tag, look, args), {
	get: (_, name) => maker(tag, look ? `${look} ${name}` : name),
});

function describe(tag, look, [first, ...rest]) {
	const isChild = typeof first !== 'object' || !first || Array.isArray(first) || first.tag;
	const attributes = isChild ? {} : first;
	return {
		tag,
		kind: tag + !attributes.live, // so that what live wrote goes
		attributes: look ? { class: look, ...attributes } : attributes,
		children: flat(isChild ? [first, ...rest] : rest),
	};
}

const flat = (children) => children.flat(9).filter((one) => one != null && one !== false && one !== '')
	.map((one) => (typeof one === 'object' ? one : String(one)));

export const render = (parent, ...children) => sync(parent, flat(children), false);

function sync(parent, wanted, inSvg) {
	const keyed = new Map(), loose = [];
	for (const entry of kept.get(parent) || []) {
		const key = entry[0].attributes?.key;
		if (key === undefined) loose.push(entry);
		else keyed.set(key, entry);
	}
	const after = wanted.map((one) => {
		const key = one.attributes?.key;
		let entry = key === undefined ? loose[0] : keyed.get(key);
		if (entry && entry[0].kind !== one.kind) entry = undefined;
		else if (key === undefined) loose.shift();
		else keyed.delete(key);
		return [one, change(entry, one, inSvg)];
	});
	for (const [, node] of [...keyed.values(), ...loose]) node.remove();
	let place = parent.firstChild;
	for (const [, node] of after) {
		if (node === place) place = place.nextSibling;
		else parent.insertBefore(node, place);
	}
	kept.set(parent, after);
}

function change(entry, one, inSvg) {
	if (typeof one === 'string') {
		if (!entry) return document.createTextNode(one);
		if (entry[0] !== one) entry[1].data = one;
		return entry[1];
	}
	const { tag, attributes, children } = one;
	const isSvg = inSvg || tag === 'svg';
	const node = entry ? entry[1] : isSvg ? document.createElementNS(SVG, tag) : document.createElement(tag);
	const old = entry ? entry[0].attributes : {};
	for (const name in old) if (!(name in attributes)) set(node, name);
	for (const name in attributes) if (name !== 'value' && old[name] !== attributes[name]) set(node, name, attributes[name]);
	sync(node, children, isSvg);
	// an option must be there before it is chosen
	if (old.value !== attributes.value) set(node, 'value', attributes.value);
	return node;
}

function set(node, name, value) {
	if (name === 'key') return;
	if (name === 'live') {
		node.dataset.live = '';
		lives.set(node, value);
		value(node, now());
	} else if (name.startsWith('on')) node[name] = value;
	else if (name === 'style') for (const key in value) node.style.setProperty(key, value[key]);
	else if (PROPERTIES.has(name)) node[name] = value ?? '';
	else if (value == null || value === false) node.removeAttribute(name);
	else node.setAttribute(name, value === true ? '' : value);
}

let offset = 0, stands = null;

export const now = () => stands ?? Date.now() + offset;

export function setTime(at, isStanding) {
	stands = isStanding ? at : null;
	if (Math.abs(Date.now() + offset - at) > 500) offset = at - Date.now();
}

export function tick() {
	for (const node of document.querySelectorAll('[data-live]')) lives.get(node)(node, now());
}

// A piece of text that depends on the time.
export const live = (text, attributes) => el.span({
	...attributes,
	live: (node, at) => { if (node.textContent !== text(at)) node.textContent = text(at); },
});

export const say = (text) => { document.getElementById('say').textContent = text; };

// Asks the server. An answer is kept with its tag: a question without news costs nothing.

import { setTime } from './dom.js';

const known = new Map(); // address -> [tag, value]
const MOST = 60;

export class Refused extends Error {}

async function checked(address, options) {
	const response = await fetch(address, { cache: 'no-store', credentials: 'same-origin', ...options });
	if (response.ok || response.status === 304) return response;
	const told = await response.json().catch(() => null);
	throw Object.assign(new Refused(told?.error?.message || `The server says ${response.status}.`), { status: response.status });
}

// Returns the value at an address, the very same object if there is no news.
export async function ask(address) {
	const before = known.get(address);
	const response = await checked(address, { headers: before ? { 'If-None-Match': before[0] } : {} });
	const at = Number(response.headers.get('qsession-now'));
	if (at) setTime(at, response.headers.get('qsession-clock') === 'stands');
	if (response.status === 304) return before[1];
	const value = await response.json();
	known.delete(address);
	known.set(address, [response.headers.get('etag'), value]);
	if (known.size > MOST) known.delete(known.keys().next().value);
	return value;
}

// What is known of an address without asking.
export const recall = (address) => known.get(address)?.[1];

export const tell = (path, body = {}) => checked(`/_/${path}`, {
	method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', 'X-Qsession-Page': '1' },
});

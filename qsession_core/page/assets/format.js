// Numbers, times and names as people read them.

export const DASH = '–';

export function duration(milliseconds) {
	if (milliseconds == null) return DASH;
	const all = Math.max(0, milliseconds) / 1000;
	if (all < 0.9995) return `${Math.round(all * 1000)} ms`;
	return all < 59.95 ? `${all.toFixed(1).replace('.0', '')} s` : long(Math.round(all));
}

export function countdown(milliseconds) {
	const all = Math.max(0, Math.ceil(milliseconds / 1000));
	return all < 60 ? `${all} s` : long(all);
}

function long(all) {
	const minutes = Math.floor(all / 60), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
	const two = (number) => String(number).padStart(2, '0');
	if (days) return `${days} d ${hours % 24} h`;
	return hours ? `${hours} h ${two(minutes % 60)} m` : `${minutes} m ${two(all % 60)} s`;
}

const form = (options) => {
	const made = new Intl.DateTimeFormat('en-GB', { hour12: false, ...options });
	return (at) => (at == null ? DASH : made.format(at));
};
const day = form({ day: 'numeric', month: 'short' });
export const time = form({ timeStyle: 'short' });
export const seconds = form({ timeStyle: 'medium' });
export const zoned = form({ timeStyle: 'long' });
export const whole = form({ dateStyle: 'medium', timeStyle: 'medium' });
export const when = (at, present) => (at == null || new Date(at).toDateString() === new Date(present).toDateString()
	? seconds(at) : `${day(at)} ${time(at)}`);

export const count = (number) => (number == null ? DASH : number.toLocaleString('en-US'));
export const plural = (number, noun) => `${count(number)} ${noun}${number === 1 ? '' : 's'}`;
export const share = (part, all) => `${(100 * part / all).toFixed(part && part < all / 1000 ? 2 : 1)} %`;
export const amount = (value) => (value == null ? DASH
	: value.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: value && value < 0.01 ? 6 : 2 }));
export const amounts = (costs) => Object.entries(costs).filter(([, value]) => value)
	.map(([unit, value]) => `${amount(value)} ${unit}`).join(', ') || (Object.keys(costs).length ? 'none' : DASH);

// The shape and the colour of a state's sign.
const KINDS = {
	Succeeded: 'ok', Completed: 'ok', Available: 'ok', Failed: 'bad', Unavailable: 'bad', 'Failure(s)': 'warn',
	Degraded: 'warn', Waiting: 'wait', Queued: 'wait', Executing: 'run', Finishing: 'run', Cancelled: 'off',
	Cancelling: 'off', CancellationRequested: 'off', TimedOut: 'time',
};
const WORDS = { TimedOut: 'Timed out', CancellationRequested: 'Cancelling', 'Failure(s)': 'Failures' };
export const kind = (state) => KINDS[state] || 'other';
export const word = (state) => WORDS[state] || state || 'Unknown';

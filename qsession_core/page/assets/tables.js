// Targets and quotas, costs, and what only a workspace to try things on allows.

import { el, live } from './dom.js';
import { amount, count, DASH, duration, whole } from './format.js';
import { button, choice, confirm, note, section, sessionLink, sign, table, title } from './parts.js';

const { a, form, i, input, label, option, p, select, span, td, tfoot, th, tr } = el;
const jobsOf = (member, word) => a.name({ href: `/_/jobs?${member}=${encodeURIComponent(word)}`, title: word }, word);
const used = (quota) => (quota.used || 0) + (quota.held || 0);

const QUOTAS = [
	['Quota', 'wide', (one) => one.dimension],
	['Provider', 'w2', (one) => one.provider],
	['Used', 'n', (one) => amount(used(one))],
	['Limit', 'n', (one) => amount(one.limit)],
	['Share', 'w2', (one) => (one.limit ? span.meter(i.run({ style: { width: `${Math.min(100, 100 * used(one) / one.limit)}%` } })) : DASH)],
	['Period', 'w3', (one) => one.period],
];

export function targets({ act }) {
	const availability = (one, isLab) => (isLab ? select({
		value: one.availability, 'aria-label': `Availability of ${one.id}`,
		onchange: ({ target: { value } }) => act('lab/target', { target: one.id, availability: value }, `${one.id}: ${value}`),
	}, ['Available', 'Degraded', 'Unavailable'].map((word) => option({ value: word }, word))) : sign(one.availability));
	return {
		addresses: () => ['/_/targets.json'],
		title: () => 'Targets',
		draw: (data) => [
			title('Targets', span.soft(count(data.targets.length))),
			table('Targets', [
				['Target', 'wide', (one) => jobsOf('target', one.id)],
				['Availability', '', (one) => availability(one, data.workspace.isLab)],
				['Queue', 'n w2', (one) => (one.queueSeconds === 0 ? 'none' : duration(one.queueSeconds && 1000 * one.queueSeconds))],
				['Qubits', 'n w2', (one) => count(one.qubits)],
				['Profile', 'w2', (one) => one.profile || DASH],
				['Most shots', 'n w3', (one) => count(one.maxShots)],
				['Held for a session', 'n w3', (one) => duration(one.holdSeconds && 1000 * one.holdSeconds)],
				['Kind', 'w3', (one) => one.kind || DASH],
			], data.targets),
			data.quotas.length > 0 && section('Quotas', table('Quotas', QUOTAS, data.quotas)),
		],
	};
}

const WAYS = ['day', 'target', 'tag', 'session'];

export function costs({ query, go }) {
	const by = WAYS.find((one) => one === query.get('by')) || 'day', since = query.get('since') || '';
	const where = (path, changes) => `/_/${path}?${new URLSearchParams({ by, ...(since && { since }), ...changes })}`;
	const name = ({ key, name: shown }) => (!key ? `without a ${by}` : by === 'day' ? key : by === 'session' ? sessionLink(key, shown) : jobsOf(by, key));
	return {
		addresses: () => [where('costs.json')],
		title: () => `Costs by ${by}`,
		draw: ({ units, rows, total, computed }) => {
			const highest = (unit) => Math.max(...rows.map((row) => row.amounts[unit] || 0)) || 1;
			return [
				title('Costs', choice('Summed up by', WAYS.map((one) => [`By ${one}`, where('costs', { by: one }), one === by])),
					label.row('Since', input({ type: 'date', value: since, onchange: ({ target }) => go(where('costs', { since: target.value }), { stay: true }) })),
					a({ href: where('costs.csv'), download: true }, 'CSV')),
				rows.length ? table('Costs', [
					[`${by[0].toUpperCase()}${by.slice(1)}`, 'wide', name],
					['Jobs', 'n', (row) => count(row.jobs)],
					...units.map((unit) => [unit || 'Amount', 'n amount', (row) => [amount(row.amounts[unit]),
						i.under({ style: { width: `${100 * (row.amounts[unit] || 0) / highest(unit)}%` } })]]),
				], rows, tfoot(tr(th({ scope: 'row' }, 'Together'), td.n(count(total.jobs)), units.map((unit) => td.n(amount(total.amounts[unit]))))))
					: p.empty('There are no jobs.'),
				p.soft('Days are in UTC.', by === 'tag' && ' A job with several tags counts under each.',
					computed.length > 0 && ` ${computed.join(', ')}: computed from the service's gate counts by our price table.`),
			];
		},
	};
}

const JUMPS = [[10, '10 s'], [60, '1 min'], [600, '10 min'], [3600, '1 h']];

export function lab({ act, draw: redraw }) {
	let kind = 'throttle';
	const field = (name, heading, attributes) => label.field({ key: name }, heading, input({ name, ...attributes }));
	const add = (event) => {
		event.preventDefault();
		const given = [...new FormData(event.target)].filter(([, value]) => value !== '')
			.map(([name, value]) => [name, ['count', 'seconds', 'probability'].includes(name) ? Number(value) : value]);
		act('lab/faults', Object.fromEntries(given), 'Fault added.');
	};
	return {
		addresses: () => ['/_/lab.json'],
		title: () => 'Lab',
		draw: ({ faults, kinds, stands, canAdvance }) => [
			title('Lab', span.soft('for this local workspace only')),
			section('Clock', p.big(live(whole)), canAdvance ? p.row('Put it forward by', JUMPS.map(([seconds, word]) => button(word, {
				onclick: () => act('lab/advance', { seconds }, `The clock was put forward by ${word}.`),
			})), stands && span.soft('It stands still otherwise.')) : p.soft('It is the clock of the machine.')),
			section('Faults', faults.length ? table('Faults', [
				['Fault', 'wide', (one) => [one.kind, note(kinds[one.kind])]],
				['Where', '', (one) => (one.kind === 'fail_job' ? one.target || 'any target' : one.route)],
				['Times', 'n', (one) => (one.count == null ? 'always' : count(one.count))],
				['Happened', 'n', (one) => count(one.happened)],
				['Probability', 'n w2', (one) => one.probability],
			], faults) : p.empty('No request and no job is made to fail.'),
			form.row({ onsubmit: add },
				label.field('Fault', select({ name: 'kind', value: kind, onchange: ({ target }) => {
					kind = target.value;
					redraw();
				} }, Object.keys(kinds).map((one) => option({ value: one }, one)))),
				kind === 'fail_job' ? field('target', 'On target', { placeholder: 'any' }) : field('route', 'Requests', { placeholder: '*, or PUT jobs/*' }),
				kind === 'delay' && field('seconds', 'Seconds', { type: 'number', min: 0, step: 'any', required: true }),
				field('count', 'Times', { type: 'number', min: 1, placeholder: 'always' }),
				field('probability', 'Probability', { type: 'number', min: 0, max: 1, step: 'any', placeholder: '1' }),
				button('Add', { type: 'submit', class: 'main' }),
				faults.length > 0 && button('Remove all', { onclick: () => act('lab/calm', {}, 'All faults removed.') })),
			p.soft(`${kind}: ${kinds[kind]}. The page itself meets no faults.`)),
			section('Fresh start', p.row('Removes all jobs, sessions and faults of this workspace.', button('Remove everything', {
				class: 'danger', onclick: () => confirm('Remove all jobs, sessions and faults? They cannot be brought back.', 'Remove everything',
					() => act('lab/reset', {}, 'Everything was removed.')),
			}))),
		],
	};
}

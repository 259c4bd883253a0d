// The overview, all sessions, and one session with its jobs in time.

import { el, live } from './dom.js';
import { amounts, count, duration, plural, when, whole, word } from './format.js';
import { ask } from './server.js';
import { button, confirm, crumbs, facts, jobLink, jobTable, section, sessionLink, sign, table, tags, title } from './parts.js';
import { holdLeft, idleLeft, timeline } from './charts.js';

const { a, b, code, div, h1, h3, i, li, p, pre, span, ul } = el;

export function overview({ draw }) {
	let lines; // how to connect, once somebody has asked
	const show = async () => {
		({ lines } = await ask('/_/connection.json'));
		draw();
	};
	return {
		addresses: () => ['/_/overview.json'],
		title: () => 'Overview',
		draw: (data) => [
			h1.unseen({ tabindex: -1 }, 'Overview'),
			figures(data),
			section('Open sessions', data.open.length ? ul.box(data.open.map(lane)) : p.empty('No session is open.')),
			div.pair(
				section('Queue', data.queue.length ? queue(data.queue) : p.empty('Nothing waits, nothing runs.')),
				section('Last failures', data.failures.length ? ul.box(data.failures.map(failure)) : p.empty('No job has failed.'))),
			section('Newest jobs', data.recent.length ? jobTable('Newest jobs', data.recent) : p.empty('No job has been sent yet.')),
			data.workspace.hasConnection && section('Connect', lines
				? Object.entries(lines).map(([name, text]) => div({ key: name }, h3(name, button('Copy', {
					class: 'plain', onclick: (event) => copy(text, event.currentTarget), 'aria-label': `Copy: ${name}`,
				})), pre({ tabindex: 0, 'aria-label': name }, text)))
				: p.row('The lines with which a program connects hold the key.', button('Show them', { onclick: show }))),
		],
	};
}

const copy = (text, node) => navigator.clipboard.writeText(text).then(() => { node.firstChild.data = 'Copied'; });

const figures = ({ totals, open }) => ul.figures([
	['Open sessions', open.length, 'sessions'], ['Waiting', totals.waiting, 'jobs?state=Waiting'],
	['Running', totals.running, 'jobs?state=Executing'], ['Failed', totals.failed, 'jobs?state=Failed'],
	['Succeeded', totals.succeeded, 'jobs?state=Succeeded'], ['Jobs', totals.jobs, 'jobs'],
].map(([name, number, href]) => li(a({ href: `/_/${href}` }, b(count(number)), span.soft(name)))));

const lane = (session) => li.lane({ key: session.id },
	div.who(sessionLink(session.id, session.name), span.soft(session.target),
		span.row(sign(session.state), span.soft(plural(session.jobs, 'job')))),
	timeline(session, 3),
	div.limits(idleLeft(session), span.soft('until it ends idle'), holdLeft(session)));

function queue(rows) {
	const most = Math.max(...rows.map((row) => row.waiting + row.running));
	return ul.box(rows.map((row) => li.queue({ key: row.target },
		a.name({ href: `/_/jobs?target=${encodeURIComponent(row.target)}` }, row.target),
		span.meter({ 'aria-hidden': 'true' }, i.run({ style: { width: `${100 * row.running / most}%` } }), i.wait({ style: { width: `${100 * row.waiting / most}%` } })),
		span.n(`${count(row.running)} running, ${count(row.waiting)} waiting`))));
}

const failure = (job) => li({ key: job.id },
	span.row(sign(job.state), jobLink(job), live((at) => when(job.ended ?? job.created, at), { class: 'soft n' })),
	span.soft.clip({ title: job.note }, job.note || 'The provider gave no reason.'));

const COLUMNS = [
	['State', 'state', (one) => sign(one.state)],
	['Name', 'wide', (one) => sessionLink(one.id, one.name)],
	['Target', 'w2', (one) => one.target],
	['Jobs', 'n w2', (one) => count(one.jobs)],
	['Tags', 'w3', (one) => tags(one.tags)],
	['Lasted', 'n w2', (one) => live((at) => duration((one.ended ?? (one.isTerminal ? one.last : at)) - one.created))],
	['Idle time left', 'n', (one) => !one.isTerminal && idleLeft(one)],
	['Opened', 'n w2', (one) => live((at) => when(one.created, at), { title: whole(one.created) })],
];

export const sessions = () => ({
	addresses: () => ['/_/sessions.json'],
	title: () => 'Sessions',
	draw: (data) => [
		title('Sessions', span.soft(count(data.total))),
		data.rows.length ? table('Sessions', COLUMNS, data.rows) : p.empty('No session has been opened yet.'),
		data.rows.length < data.total && p.soft(`The newest ${count(data.rows.length)} are shown.`),
	],
});

export const session = ({ item, act }) => ({
	addresses: () => [`/_/sessions/${encodeURIComponent(item)}.json`],
	title: (data) => (data ? `${data.session.name}, session` : 'Session'),
	draw: ({ session: one, jobs, cost, workspace }) => [
		crumbs(a({ href: '/_/sessions' }, 'Sessions')),
		title(one.name, sign(one.state), !one.isTerminal && workspace.mayChange && button('Close the session', {
			onclick: () => confirm(`Close the session ${one.name}? It takes no more jobs; those that it has go on.`, 'Close it',
				() => act(`sessions/${one.id}/close`, {}, `Session ${one.name} closed.`)),
		})),
		div.card(timeline(one, 7), p.legend(
			span(i.k.waited(), 'waited'), span(i.k.ran(), 'ran'), one.states.Failed && span(i.k.bad(), 'failed'),
			!one.isTerminal && span(i.k.left(), 'until it ends idle: ', idleLeft(one)), one.holdSeconds ? span(i.k.hold(), holdLeft(one)) : '',
			one.jobs > one.bars.length && span(`the newest ${plural(one.bars.length, 'job')}`))),
		facts([
			['Target', one.target],
			['Jobs', [count(one.jobs), one.jobs > 0 && ` (${Object.entries(one.states).map(([state, n]) => `${count(n)} ${word(state).toLowerCase()}`).join(', ')})`]],
			['Cost so far', amounts(cost)],
			['If a job fails', one.policy],
			['Opened', whole(one.created)],
			['Ended', one.isTerminal && whole(one.ended)],
			['Tags', one.tags.length && tags(one.tags)],
			['Id', code(one.id)],
		]),
		section('Jobs', jobs.length ? jobTable('Jobs of this session', jobs, ['Session', 'Target']) : p.empty('No job has joined it yet.'),
			jobs.length < one.jobs && p(a({ href: `/_/jobs?session=${one.id}` }, `All ${plural(one.jobs, 'job')}`))),
	],
});

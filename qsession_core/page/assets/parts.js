// Pieces that several views share.

import { el, live, render } from './dom.js';
import { amounts, count, duration, kind, when, whole, word } from './format.js';

const { a, button: b, circle, dd, div, dl, dt, form, h1, h2, p, path, section: part, span, svg, table: grid, tbody, td, th, thead, tr } = el;

const ring = circle({ cx: 6, cy: 6, r: 4 });
const SHAPES = {
	ok: path({ d: 'M2 6l3 3 5-6' }), bad: path({ d: 'M3 3l6 6M9 3l-6 6' }),
	warn: path({ d: 'M6 1.8 10.6 10H1.4zM6 5v2.2M6 8.6v.2' }), wait: ring, run: [ring, path.full({ d: 'M6 2a4 4 0 0 1 0 8z' })],
	off: [ring, path({ d: 'M3.4 8.6l5.2-5.2' })], time: [ring, path({ d: 'M6 3.6V6l1.8 1.2' })],
	other: circle({ cx: 6, cy: 6, r: 4, 'stroke-dasharray': '1.5 1.5' }),
};

// A state as a shape and a word.
export const sign = (state) => span({ class: `sign ${kind(state)}` },
	svg({ viewBox: '0 0 12 12', 'aria-hidden': 'true' }, SHAPES[kind(state)]), span(word(state)));

export const button = (text, attributes) => b({ type: 'button', ...attributes }, text);
export const title = (text, ...more) => div.title(h1({ tabindex: -1 }, text), more);
export const tags = (listed) => span.tags(listed.map((one) => a.tag({ href: `/_/jobs?tag=${encodeURIComponent(one)}` }, one)));
export const crumbs = (...links) => el.nav.crumbs({ 'aria-label': 'Above this' }, links);
export const choice = (label, options) => span.choice({ role: 'group', 'aria-label': label }, options.map(([text, href, isOn]) => a({
	key: text, href, 'data-stay': true, 'aria-current': isOn ? 'true' : null,
}, text)));

export const facts = (pairs) => dl.facts(pairs.filter(([, value]) => value).map(([name, value]) => div({ key: name }, dt(name), dd(value))));

export function section(heading, ...children) {
	const id = `of-${heading.toLowerCase().replaceAll(' ', '-')}`;
	return part({ key: id, 'aria-labelledby': id }, h2({ id }, heading), children);
}

// A column is [heading, class, cell of a row]; those of class w2, w3 are left out where there is little room.
export const table = (label, columns, rows, more) => div.scroll({ tabindex: 0, role: 'group', 'aria-label': label }, grid(
	thead(tr(columns.map(([heading, look]) => th({ class: look, scope: 'col' }, heading)))),
	tbody(rows.map((row, n) => tr({ key: row.id ?? n }, columns.map(([, look, cell]) => td({ class: look }, cell(row)))))), more));

export const waited = (job) => live((at) => duration(job.created && (job.began ?? job.ended ?? (job.isTerminal ? NaN : at)) - job.created));
export const ran = (job) => live((at) => duration(job.began && (job.ended ?? at) - job.began));
export const jobLink = (job, more) => a.name({ href: `/_/jobs/${job.id}`, title: job.name, ...more }, job.name || job.id);
export const sessionLink = (id, name) => id && a.name({ href: `/_/sessions/${id}`, title: name }, name || id);
export const note = (text) => text && span.note({ title: text }, text);

export const JOB = [
	['State', 'state', (job) => sign(job.state)],
	['Name', 'wide', (job) => [jobLink(job), note(job.note)]],
	['Target', 'w2', (job) => job.target],
	['Shots', 'n w3', (job) => count(job.shots)],
	['Waited', 'n w3', waited],
	['Ran', 'n', ran],
	['Cost', 'n w3', (job) => amounts(job.cost)],
	['Session', 'w3', (job) => sessionLink(job.session, job.sessionName)],
	['Created', 'n w2', (job) => live((at) => when(job.created, at), { title: whole(job.created) })],
];
export const jobTable = (label, jobs, without = []) => table(label, JOB.filter(([name]) => !without.includes(name)), jobs);

export function confirm(question, yes, done) {
	const dialog = document.createElement('dialog');
	document.body.append(dialog);
	dialog.onclose = () => {
		dialog.remove();
		if (dialog.returnValue) done();
	};
	render(dialog, form({ method: 'dialog' }, p({ id: 'ask' }, question), div.row(b('Go back'), b.main({ value: 'yes' }, yes))));
	dialog.setAttribute('aria-labelledby', 'ask');
	dialog.showModal();
}

// All jobs: filtered by the address, drawn where they are seen, fetched by stretches.

import { el, say } from './dom.js';
import { count, plural } from './format.js';
import { recall } from './server.js';
import { JOB, jobLink, note, sign, title } from './parts.js';

const { a, details, div, fieldset, input, legend, li, p, span, summary, ul } = el;
const ROW = 30, STRETCH = 100, AROUND = 8, MOST_WORDS = 14;
const FACETS = [['state', 'State', sign], ['target', 'Target', span.clip], ['tag', 'Tag', span.clip]];

export function jobs({ query, go, draw: redraw, poll }) {
	const filters = Object.fromEntries(['state', 'target', 'tag', 'session', 'q'].map((name) => [name, query.get(name) || '']));
	const chosen = Object.values(filters).filter(Boolean);
	let first = 0, last = 40, total = 0; // the rows drawn, and how many there are
	let active = 0, wantsFocus = false; // the row that the arrow keys have reached
	let anchor, told, typing, waits;

	const search = (changes) => new URLSearchParams(Object.entries({ ...filters, ...changes }).filter(([, value]) => value || value === 0));
	const where = (changes) => `/_/jobs?${search(changes)}`.replace(/\?$/, '');
	const address = (stretch) => `/_/jobs.json?${search({ skip: stretch * STRETCH, top: STRETCH })}`;
	const stretches = () => {
		const from = Math.floor(first / STRETCH);
		return Array.from({ length: Math.floor(last / STRETCH) - from + 1 }, (_, n) => from + n);
	};
	const rowAt = (n) => recall(address(Math.floor(n / STRETCH)))?.rows[n % STRETCH];
	const list = () => document.getElementById('list');

	// Finds out which rows are seen; says whether that is news.
	function look() {
		if (!list()) return false;
		const above = -list().getBoundingClientRect().top, end = Math.max(0, total - 1), before = [first, last];
		first = Math.max(0, Math.min(end, Math.floor(above / ROW) - AROUND));
		last = Math.max(first, Math.min(end, Math.ceil((above + innerHeight) / ROW) + AROUND));
		return before[0] !== first || before[1] !== last;
	}

	function scrolled() {
		if (!look()) return;
		redraw();
		clearTimeout(waits);
		waits = setTimeout(() => { if (stretches().some((n) => !recall(address(n)))) poll(); }, 60);
	}

	function onkeydown(event) {
		const page = Math.floor(innerHeight / ROW) - 4;
		const to = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: total - 1 }[event.key];
		if (to === undefined) return;
		event.preventDefault();
		active = Math.max(0, Math.min(total - 1, to));
		wantsFocus = true;
		const y = list().getBoundingClientRect().top + active * ROW, top = document.getElementById('head').offsetHeight + ROW;
		if (y < top) scrollBy(0, y - top);
		else if (y + 2 * ROW > innerHeight) scrollBy(0, y + 2 * ROW - innerHeight);
		look();
		redraw();
		poll();
	}

	// When rows come above what is seen, the window follows.
	function follow() {
		if (!anchor?.id || anchor.n <= AROUND || rowAt(anchor.n)?.id === anchor.id) return;
		for (let n = anchor.n - STRETCH; n < anchor.n + STRETCH; n += 1) {
			if (n >= 0 && rowAt(n)?.id === anchor.id) {
				scrollBy(0, (n - anchor.n) * ROW);
				active += n - anchor.n;
				return;
			}
		}
	}

	return {
		addresses: () => stretches().map(address),
		title: () => ['Jobs', ...chosen].join(', '),
		leave: () => [typing, waits].forEach(clearTimeout),
		scrolled,
		draw: (data) => {
			total = data.total;
			look();
			active = Math.max(0, Math.min(active, total - 1));
			const places = Array.from({ length: Math.min(last, total - 1) - first + 1 }, (_, n) => first + n);
			return [
				title('Jobs', span.soft(total === data.all ? count(total) : `${count(total)} of ${count(data.all)}`), input({
					type: 'search', placeholder: 'Name or id', 'aria-label': 'Name or id', value: filters.q, oninput: ({ target }) => {
						clearTimeout(typing);
						typing = setTimeout(() => go(where({ q: target.value }), { replace: true, stay: true }), 200);
					},
				})),
				filters.session && p.row('In session', a({ href: `/_/sessions/${filters.session}` }, data.sessionName || filters.session),
					a({ href: where({ session: '' }), 'data-stay': true }, 'Show all')),
				div.browse(
					details.facets({ open: innerWidth > 900 }, summary('Filter'), FACETS.map((facet) => facetOf(facet, data.facets[facet[0]]))),
					total ? div.list({ role: 'table', 'aria-label': 'Jobs', 'aria-rowcount': total + 1, onkeydown },
						div.line.head({ role: 'row', 'aria-rowindex': 1 }, JOB.map(([name, look_]) => span({ class: look_, role: 'columnheader' }, name))),
						div({ id: 'list', role: 'rowgroup', style: { height: `${total * ROW}px` } }, places.map((n) => line(n, rowAt(n)))))
						: p.empty('No job fits. ', chosen.length > 0 && a({ href: '/_/jobs' }, 'Show all jobs'))),
			];
		},
		drawn: () => {
			follow();
			if (told !== undefined && told !== total) say(plural(total, 'job'));
			told = total;
			anchor = { n: first + AROUND, id: rowAt(first + AROUND)?.id };
			if (look()) {
				redraw();
				poll();
			}
			const row = wantsFocus && document.querySelector(`[aria-rowindex="${active + 2}"] a`);
			if (row) {
				row.focus({ preventScroll: true });
				wantsFocus = false;
			}
		},
	};

	function line(n, job) {
		const place = { key: job?.id ?? n, role: 'row', 'aria-rowindex': n + 2, style: { transform: `translateY(${n * ROW}px)` } };
		if (!job) return div.line(place, span({ role: 'cell' }, '…'));
		return div.line(place, JOB.map(([name, look_, cell]) => span({ class: look_, role: 'cell' }, name !== 'Name' ? cell(job)
			: [jobLink(job, { tabindex: n === active ? 0 : -1, onfocus: () => { active = n; } }), note(job.note)])));
	}

	function facetOf([name, heading, shape], words) {
		const now = filters[name];
		const all = now && !words.some(([one]) => one === now) ? [[now, 0], ...words] : words;
		return all.length > 0 && fieldset({ key: name }, legend(heading), ul(all.slice(0, MOST_WORDS).map(([one, n]) => li({ key: one }, a({
			href: where({ [name]: one === now ? '' : one }), 'data-stay': true, 'aria-current': one === now ? 'true' : null,
		}, shape(one), span.n(count(n)))))), all.length > MOST_WORDS && p.soft(`and ${count(all.length - MOST_WORDS)} more`));
	}
}

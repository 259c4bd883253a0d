// Sessions in time, and histograms. Positions across are in percent, for any width.

import { el, live } from './dom.js';
import { amount, count, countdown, kind, plural, seconds, share, time, word } from './format.js';

const { a, caption, details, div, figcaption, figure, g, h3, i, line, p, rect, span, summary, svg, table, tbody, td, text, th, title, tr } = el;

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800];
const MOST_LANES = 12, LANE = 14, TOP = 4;

// The jobs of a session against its limits; an open one has a line at the present. Ticks: how many, at most.
export function timeline(session, ticks) {
	const { bars, isTerminal, created: start } = session;
	const last = Math.max(start, ...bars.map((bar) => bar.ended ?? bar.began ?? bar.created));
	const end = Math.max(isTerminal ? session.ended : session.idleEnds, last, start + 1000);
	const x = (at) => `${Math.min(100, Math.max(0, 100 * (at - start) / (end - start))).toFixed(3)}%`;
	const lanes = packed(bars, end);
	const bottom = TOP + LANE * Math.max(1, ...lanes.map((lane) => lane + 1));
	// a piece of time; without an end, until the present
	const piece = (look, from, to, y, height) => {
		const width = (until) => `max(2px, calc(${x(until)} - ${x(from)}))`;
		const grows = { live: (node, at) => node.style.setProperty('width', width(Math.max(from, at))) };
		return rect({ class: look, x: x(from), y, height, ...(to ? { style: { width: width(to) } } : grows) });
	};
	return svg.timeline({ height: bottom + 18, role: 'img', 'aria-label': `${plural(session.jobs, 'job')} of ${session.name} from ${seconds(start)} on` },
		marks(start, end, innerWidth < 700 ? 3 : ticks).map((at) => g({ key: at }, line.tick({ x1: x(at), x2: x(at), y1: 0, y2: bottom }),
			text({ x: x(at), y: bottom + 14, 'text-anchor': 'middle' }, end - start < 600000 ? seconds(at) : time(at)))),
		!isTerminal && rect.left({ y: 0, height: bottom, live: (node, at) => {
			node.setAttribute('x', x(at));
			node.style.setProperty('width', `calc(100% - ${x(at)})`);
		} }),
		line.axis({ x1: 0, x2: '100%', y1: bottom, y2: bottom }),
		!isTerminal && line.limit({ x1: '100%', x2: '100%', y1: 0, y2: bottom }),
		session.holdEnds && piece('hold', last, session.holdEnds, bottom - 1, 3),
		bars.map((bar, n) => {
			const y = TOP + LANE * lanes[n];
			return a({ key: bar.id, class: `bar ${kind(bar.state)}`, href: `/_/jobs/${bar.id}`, tabindex: -1, 'aria-hidden': 'true' },
				title(`${bar.name}: ${word(bar.state)}`),
				piece('waited', bar.created, bar.began ?? bar.ended, y + 4, 3),
				(bar.began || bar.ended) && piece('ran', bar.began ?? bar.ended, bar.ended, y + 1, LANE - 5));
		}),
		!isTerminal && line.now({ y1: 0, y2: bottom, live: (node, at) => ['x1', 'x2'].forEach((name) => node.setAttribute(name, x(at))) }));
}

// The lane of each bar: the first in which nothing overlaps it.
function packed(bars, end) {
	const free = [];
	return bars.map((bar) => {
		let lane = free.findIndex((at) => at <= bar.created);
		if (lane < 0) lane = free.length < MOST_LANES ? free.length : free.indexOf(Math.min(...free));
		free[lane] = bar.ended ?? end;
		return lane;
	});
}

function marks(start, end, most) {
	const step = 1000 * STEPS.find((one) => (end - start) / 1000 / one <= most || one === STEPS.at(-1));
	const zone = new Date(start).getTimezoneOffset() * 60000;
	const found = [], edge = (end - start) / 30;
	for (let at = Math.ceil((start + edge - zone) / step) * step + zone; at < end - edge; at += step) found.push(at);
	return found;
}

// How long until a session ends by itself, and until it loses its target.
export const idleLeft = (session) => span({ live: (node, at) => {
	const left = session.idleEnds - at;
	node.textContent = countdown(left);
	node.className = left < 60000 ? 'left soon' : 'left';
} });
export const holdLeft = (session) => session.holdSeconds > 0 && live((at) => (session.isHeld ? 'target held while jobs run'
	: session.holdEnds > at ? `target held for ${countdown(session.holdEnds - at)}` : 'target no longer held'), { class: 'soft' });

const FEW = 32, HEIGHT = 180;

// Few outcomes are rows with bars; many are columns, and the ten most frequent rows.
export function histogram(result, byCount) {
	const frequent = [...result.outcomes].sort((one, other) => other[1] - one[1]);
	const outcomes = byCount ? frequent : result.outcomes;
	if (outcomes.length <= FEW) return rows(outcomes, result, 'Outcomes');
	return div(columns(outcomes, result), h3('The ten most frequent'), rows(frequent.slice(0, 10), result, 'The ten most frequent outcomes'),
		details(summary(`All ${count(outcomes.length)} as a table`), rows(outcomes, result, 'All outcomes')));
}

const rows = (outcomes, { shots }, label) => {
	const highest = Math.max(...outcomes.map(([, value]) => value));
	return table.histogram(caption.unseen(label), tbody(outcomes.map(([key, value]) => tr({ key }, th({ scope: 'row', title: key }, key),
		td.bar(i({ style: { width: `${100 * value / highest}%` } })), shots > 0 && td.n(count(value)), td.n.soft(share(value, shots || 1))))));
};

function columns(outcomes, { shots }) {
	const highest = Math.max(...outcomes.map(([, value]) => value));
	const width = 100 / outcomes.length, step = nice(highest / 3);
	const y = (value) => HEIGHT - (HEIGHT - 10) * value / highest;
	const told = (n) => `${outcomes[n][0]}   ${shots ? `${plural(outcomes[n][1], 'shot')}, ` : ''}${share(outcomes[n][1], shots || 1)}`;
	const at = outcomes.findIndex(([, value]) => value === highest);
	return figure.columns(p(told(at)),
		svg({
			height: HEIGHT, role: 'img', 'aria-label': `Histogram of ${plural(outcomes.length, 'outcome')}; the tables below have its numbers`,
			onpointermove: ({ currentTarget: chart, clientX }) => {
				const box = chart.getBoundingClientRect(), n = Math.floor(outcomes.length * (clientX - box.left) / box.width);
				if (!outcomes[n]) return;
				chart.parentNode.firstChild.firstChild.data = told(n);
				chart.querySelector('.cursor').setAttribute('x', `${n * width}%`);
			},
		},
		rect.cursor({ y: 0, height: HEIGHT, x: `${at * width}%`, width: `${width}%` }),
		Array.from({ length: Math.floor(highest / step) }, (_, n) => (n + 1) * step).map((level) => g({ key: `to ${level}` },
			line.tick({ x1: 0, x2: '100%', y1: y(level), y2: y(level) }), text({ x: 2, y: y(level) - 3 }, shots ? count(level) : amount(level)))),
		outcomes.map(([key, value], n) => rect.col({ key, x: `${(n + 0.1) * width}%`, width: `${0.8 * width}%`, y: y(value), height: HEIGHT - y(value) }))),
		figcaption(span(outcomes[0][0]), span(outcomes.at(-1)[0])));
}

function nice(raw) {
	const scale = 10 ** Math.floor(Math.log10(raw));
	return scale * [1, 2, 5, 10].find((one) => raw / scale <= one);
}

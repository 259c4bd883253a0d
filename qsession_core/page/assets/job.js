// One job: what came of it, its program, and everything the service tells.

import { el } from './dom.js';
import { amounts, count, plural, whole } from './format.js';
import { button, choice, confirm, crumbs, facts, ran, section, sessionLink, sign, tags, title, waited } from './parts.js';
import { histogram } from './charts.js';

const { a, b, code, details, div, h2, p, pre, span, summary, svg } = el;
const shape = (one) => (Array.isArray(one) ? el[one[0]](one[1], one.slice(2).map(shape)) : one);
const circuit = ({ label, width, height, shapes }) => div.scroll({ tabindex: 0, role: 'group', 'aria-label': label },
	svg.circuit({ width, height, role: 'img', 'aria-label': label }, shapes.map(shape)));
const folded = (heading, text) => details(summary(heading), pre({ tabindex: 0, 'aria-label': heading }, text));

export function job({ item, query, act }) {
	const here = `/_/jobs/${encodeURIComponent(item)}`;
	const byCount = query.get('order') === 'count';
	return {
		addresses: () => [`${here}.json`],
		title: (data) => (data ? `${data.job.name || item}, job` : 'Job'),
		draw: ({ job: one, error, output, input, params, raw, workspace }) => [
			crumbs(a({ href: '/_/jobs' }, 'Jobs'), one.session && [' / ', sessionLink(one.session, one.sessionName)]),
			title(one.name || item, sign(one.state), !one.isTerminal && workspace.mayChange && button('Cancel the job', {
				onclick: () => confirm(`Cancel the job ${one.name}? If it runs already, it may still end with a result.`, 'Cancel it',
					() => act(`jobs/${one.id}/cancel`, {}, `Cancellation of ${one.name} asked for.`)),
			})),
			error && div.card.error(h2(error.code || 'Failed'), p(error.message || 'The provider gave no reason.')),
			facts([
				['Target', one.target], ['Shots', count(one.shots)], ['Waited', waited(one)], ['Ran', ran(one)], ['Cost', amounts(one.cost)],
				['Created', whole(one.created)], ['Ended', one.ended && whole(one.ended)], ['Tags', one.tags.length && tags(one.tags)], ['Id', code(one.id)],
			]),
			output && section('Result', output.problem && p(output.problem), output.results.map((one_, n) => result(one_, n, output.count)),
				output.count > output.results.length && p.soft(`${plural(output.count - output.results.length, 'further program')} in the download.`)),
			section('Program', p.row(code(input.format), input.size != null && [span.soft(`${count(input.size)} bytes`), a({ href: `${here}/input`, download: true }, 'Download')]),
				input.drawing.problem ? p.soft(input.drawing.problem) : circuit(input.drawing),
				input.text != null && folded('The program as text', input.text + (input.isCut ? '\n… the rest is in the download' : ''))),
			Object.keys(params).length > 0 && section('Parameters', facts(Object.entries(params)
				.map(([name, value]) => [name, code(typeof value === 'string' ? value : JSON.stringify(value))]))),
			folded('Everything the service tells, as JSON', JSON.stringify(raw, null, 2)),
		],
	};

	function result(one, n, programs) {
		const { outcomes, others, shots, lost, failed } = one;
		return div.card({ key: n },
			p.row(programs > 1 && b(`Program ${n + 1}`),
				span.soft([plural(outcomes.length + others, 'outcome') + (shots ? ` of ${plural(shots, 'shot')}` : ', as probabilities'),
					lost && `${plural(lost, 'shot')} lost`, failed && `${plural(failed, 'shot')} failed`].filter(Boolean).join(', ')),
				outcomes.length > 1 && choice('Order', [['By outcome', here, !byCount], ['By frequency', `${here}?order=count`, byCount]]),
				a({ href: `${here}/output`, download: true }, 'Download')),
			outcomes.length > 0 && histogram(one, byCount),
			others > 0 && p.soft(`${plural(others, 'rarer outcome')} not shown${shots ? `, ${plural(one.otherShots, 'shot')}` : ''}.`));
	}
}

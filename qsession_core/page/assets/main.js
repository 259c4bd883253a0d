// The frame: which view an address names, asking for its data, moving about, signing in.

import { el, live, render, say, tick } from './dom.js';
import { zoned } from './format.js';
import { ask, recall, Refused, tell } from './server.js';
import { button, title } from './parts.js';
import { overview, session, sessions } from './sessions.js';
import { jobs } from './jobs.js';
import { job } from './job.js';
import { costs, lab, targets } from './tables.js';

const VISIBLE = 1000, HIDDEN = 10000;
const NO_ANSWER = 'The server does not answer. Trying again.';
const VIEWS = { '': overview, sessions, jobs, targets, costs, lab };
const { a, form, h1, i, img, input, label, nav, p, span } = el;
const [head, main, foot] = ['head', 'main', 'foot'].map((id) => document.getElementById(id));

let view, values = []; // what is shown, and its data by address
let workspace = {};
let trouble = '', failures = 0; // why there is no news
let needsKey = false, wrong = '';
let timer, asked = 0;

function show(isNew) {
	const [name, item] = location.pathname.slice(3).split('/').map(decodeURIComponent);
	view?.leave?.();
	const make = item ? { sessions: session, jobs: job }[name] : VIEWS[name];
	view = (make || overview)({ item, query: new URLSearchParams(location.search), go, act, draw, poll });
	values = view.addresses().map(recall);
	trouble = '';
	draw();
	scrollTo(0, isNew ? 0 : history.state?.scroll || 0);
	if (isNew) main.querySelector('h1')?.focus({ preventScroll: true });
	poll();
}

// replace: not as a new address in the history; stay: at the same place of the page.
function go(address, { replace, stay } = {}) {
	const scroll = scrollY;
	history.replaceState({ scroll }, '');
	history[replace ? 'replaceState' : 'pushState']({ scroll: stay ? scroll : 0 }, '', address);
	show(!stay);
}

document.addEventListener('click', (event) => {
	const link = event.target.closest('a[href^="/_/"]');
	if (!link || link.hasAttribute('download') || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
	event.preventDefault();
	go(link.getAttribute('href'), { stay: 'stay' in link.dataset });
});
history.scrollRestoration = 'manual';
addEventListener('popstate', () => { if (!location.hash) show(); });
let settled;
addEventListener('scroll', () => {
	view?.scrolled?.();
	clearTimeout(settled);
	settled = setTimeout(() => history.replaceState({ scroll: scrollY }, ''), 200);
}, { passive: true });
addEventListener('resize', () => view && draw());

async function poll() {
	clearTimeout(timer);
	const mine = ++asked;
	let pause = document.hidden ? HIDDEN : VISIBLE;
	try {
		const found = await Promise.all(view.addresses().map(ask));
		if (mine !== asked) return;
		const isNews = trouble || needsKey || found.length !== values.length || found.some((one, n) => one !== values[n]);
		[trouble, failures, needsKey, values] = ['', 0, false, found];
		if (isNews) draw();
		else tick();
	} catch (error) {
		if (mine !== asked) return;
		needsKey = error.status === 401;
		trouble = error instanceof Refused ? error.message : NO_ANSWER;
		if (error.status === 404) values = [];
		pause *= 2 ** Math.min(++failures, 4);
		draw();
		if (needsKey) return;
	}
	timer = setTimeout(poll, pause);
}
document.addEventListener('visibilitychange', () => { if (!document.hidden && !needsKey) poll(); });
setInterval(() => { if (!document.hidden) tick(); }, 1000);

// Changes something, says how it went, and looks at once.
async function act(what, body, done) {
	try {
		await tell(what, body);
		say(done);
		poll();
	} catch (error) {
		trouble = error instanceof Refused ? error.message : NO_ANSWER;
		draw();
	}
}

function draw() {
	const first = values[0];
	workspace = first?.workspace || workspace;
	const problem = trouble || first?.problem;
	const here = location.pathname.slice(3).split('/')[0];
	const tabs = Object.keys(VIEWS).filter((name) => name !== 'lab' || workspace.isLab);
	render(head,
		a.brand({ href: '/_/' }, img({ src: '/_/assets/icon.svg', alt: '' }), 'qsession'),
		span.soft.clip(workspace.name),
		nav({ 'aria-label': 'Views' }, tabs.map((name) => a.tab({
			key: name, href: `/_/${name}`, 'aria-current': name === here ? 'page' : null,
		}, name || 'overview'))),
		span({ class: problem ? 'pulse lost' : 'pulse' }, i(), needsKey ? 'Signed out' : problem ? 'No news' : 'Live'));
	document.title = `${needsKey ? 'Sign in' : view.title(first)} – qsession`;
	if (needsKey) render(main, signIn());
	else render(main, problem && p.notice({ role: 'alert' }, problem), first ? view.draw(first) : title(problem ? view.title() : 'Reading…'));
	if (first && !needsKey) view.drawn?.(first);
	render(foot, first && !needsKey && p(live((at) => `Workspace time ${zoned(at)}`), ' · ', `qsession ${workspace.version}`, ' · ',
		a({ href: view.addresses()[0], download: true }, 'This view as JSON'), ' · ', button('Sign out', {
			class: 'plain', onclick: () => tell('logout').then(() => location.reload()),
		})));
}

const signIn = () => form.card.login({
	onsubmit: (event) => {
		event.preventDefault();
		enter(event.target.elements.key.value);
		event.target.reset();
	},
},
h1({ tabindex: -1 }, 'Sign in'),
p.soft('The key is in the link that was printed when this page was started.'),
label.field('Key', input({ name: 'key', type: 'password', autocomplete: 'current-password', required: true })),
wrong && p.bad({ role: 'alert' }, wrong),
button('Sign in', { type: 'submit', class: 'main' }));

async function enter(key) {
	try {
		await tell('login', { key });
		wrong = '';
	} catch (error) {
		wrong = error instanceof Refused ? error.message : NO_ANSWER;
	}
	show(true);
}

function start() {
	const key = new URLSearchParams(location.hash.slice(1)).get('key');
	history.replaceState(history.state, '', location.pathname + location.search);
	if (key) enter(key);
	else show();
}
addEventListener('hashchange', start);
start();
